/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keygen -- `windrose keygen`: makes keys of a zone, gives keys a successor,
 * changes their times; and `windrose ds`: what the parent has to be told.
 * Shell.
 */
#ifndef POLICY_KEYS_KEYGEN_H
#define POLICY_KEYS_KEYGEN_H

/* argv[0] is the command's name.  0: done, 1: it failed, 2: wrong usage. */
int keygen_run(int argc, char **argv);
int keygen_ds(int argc, char **argv);

#endif
