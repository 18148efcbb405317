/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corrections -- what the operator knows better than the databases.
 *
 *   CIDR,country[,subdivision[,latitude,longitude]]
 *
 * One network a line; blank lines and lines that begin with # are skipped;
 * spaces around fields are not part of them; a field may be left empty but
 * for the first two.  The longest prefix around an address counts, alone.
 *
 * Pure.
 */
#ifndef POLICY_DECIDE_CORRECTIONS_H
#define POLICY_DECIDE_CORRECTIONS_H

#include "policy/base/net.h"
#include "policy/decide/client.h"

#include <stdbool.h>
#include <stddef.h>

struct errors;

struct correction {
	struct net_prefix prefix;
	struct client_facts facts; /* country always; asn never */
	unsigned line;
};

struct corrections {
	struct correction *list; /* owned */
	size_t count, cap;
};

/*
 * Adds the lines of text (len octets and a NUL) to out, which is zero at
 * first; every mistake goes to errs with file and line.  False when memory
 * runs out.
 */
bool corrections_parse(const char *text, size_t len, const char *file,
		       struct corrections *out, struct errors *errs);

void corrections_fini(struct corrections *corrections);

/*
 * Lays a correction over what the databases say.  Where they place the client
 * in another country, their location and subdivision are of that country and
 * go with it.
 */
void correction_apply(const struct correction *correction,
		      struct client_facts *facts);

#endif
