/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege -- giving up root, for good.  Shell: it changes the process.
 */
#ifndef DNS_PRIVILEGE_H
#define DNS_PRIVILEGE_H

#include <stdbool.h>

struct error;

/*
 * Becomes user with its groups, so that nothing can be regained, and sets
 * no_new_privs.  Called once, before threads are started: it holds for the
 * whole process.  False with err set; then the process must not go on.
 */
bool privilege_drop(const char *user, struct error *err);

#endif
