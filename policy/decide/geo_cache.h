/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_cache -- the compiled geo tables in a file, so that a start need not
 * read the databases.
 *
 * A file is of one policy (its digest, over all of its files), one build of
 * Windrose on one kind of machine, and the geo files as geo_stamp() has them:
 * device, inode, size and time of change.  What is in a database is not read
 * again, which would take as long as compiling it: a file that was written
 * over in place with its time of change set back is not noticed, and must not
 * be made so (policy/decide/mmdb says the same).  All octets of the cache have
 * a SHA-256 that is compared, and every index in it is looked at before it is
 * used, so a damaged one is an unused one.
 *
 * Shell: maps and replaces a file.
 */
#ifndef POLICY_DECIDE_GEO_CACHE_H
#define POLICY_DECIDE_GEO_CACHE_H

#include <stdbool.h>

struct error;
struct errors;
struct geo;
struct policy;

/*
 * Like geo_open(), but from path where it holds what geo_open() would find.
 * A cache that is damaged is a warning in errs, one that is of other files is
 * nothing to tell.  path NULL: no cache.
 */
struct geo *geo_open_cached(const struct policy *policy, const char *path,
			    struct errors *errs);

/*
 * Keeps in path what geo_open_cached() had to read databases for; what came
 * from a cache is there already.  False with err set when it cannot be
 * written.
 */
bool geo_keep(const struct geo *geo, const char *path, struct error *err);

/*
 * Where the cache is of who keeps its last known good state at keep_path: a
 * name beside it, the caller's; NULL where that is NULL.  False: out of memory.
 */
bool geo_cache_beside(const char *keep_path, char **out);

#endif
