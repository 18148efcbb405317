/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege -- giving up root and capabilities, for good.  Shell: it changes
 * the process.
 */
#ifndef DNS_PRIVILEGE_H
#define DNS_PRIVILEGE_H

#include <stdbool.h>

struct error;

/*
 * Becomes user with its groups, without any capability, so that nothing can be
 * regained, and sets no_new_privs.  Called once, before threads are started: it
 * holds for the whole process.  False with err set; then the process must not
 * go on.
 */
bool privilege_drop(const char *user, struct error *err);

/*
 * For a process that was never root but was given capabilities, as to bind a
 * port below 1024: gives them up, from all sets.  Root stays root.  Called as
 * privilege_drop() is.
 */
bool privilege_forgo(struct error *err);

#endif
