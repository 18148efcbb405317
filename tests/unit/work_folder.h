/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work_folder -- where tests of review commands work: a folder below the
 * current one, with a geo database of small networks, gone at the end.
 */
#ifndef TESTS_UNIT_WORK_FOLDER_H
#define TESTS_UNIT_WORK_FOLDER_H

#include <stdbool.h>

enum { WORK_PATH_SIZE = 4096 };

/* A path of the source tree, into buf, which is returned. */
const char *work_source(const char *path, char buf[WORK_PATH_SIZE]);

/* Goes into a new folder, named after template as mkdtemp(3) does. */
bool work_enter(char *template);

/* Makes networks.mmdb of that file of the source tree.  False: it cannot be
 * made here, for want of MaxMind::DB::Writer. */
bool work_make_networks(const char *path);

/* Leaves and removes it. */
bool work_leave(const char *folder);

#endif
