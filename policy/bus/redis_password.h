/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_password -- the passwords that a url names by their files, so that no
 * command line and no list of processes shows them.
 *
 * A file's first line, without its end, is the password.  It is read at the
 * start, and again for every connection round: a changed one is used from the
 * next reconnect on.  Shell.
 */
#ifndef POLICY_BUS_REDIS_PASSWORD_H
#define POLICY_BUS_REDIS_PASSWORD_H

#include <stdbool.h>

struct error;
struct redis_url;

/*
 * Both of the url's, as far as they are in files.  False with err set, which
 * names the file and never shows what is in it; what was read before stays.
 */
bool redis_password_read(struct redis_url *url, struct error *err);

#endif
