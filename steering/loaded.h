/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loaded -- a policy and what was read for it, which live and die together.
 *
 * Shell: reads files, prints what the loaders found to standard error.
 */
#ifndef STEERING_LOADED_H
#define STEERING_LOADED_H

#include <stdbool.h>
#include <stddef.h>

struct client_class;
struct error;
struct geo;
struct policy;

struct loaded {
	struct policy *policy;
	struct geo *geo;
	const struct client_class **classes; /* of geo, all of them */
	size_t class_count;
};

/* False with the first error in err, out untouched. */
bool loaded_open(const char *path, struct loaded *out, struct error *err);

/* Accepts a zeroed one. */
void loaded_fini(struct loaded *loaded);

#endif
