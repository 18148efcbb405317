/* SPDX-License-Identifier: Apache-2.0 */
/*
 * difference -- all that one policy does otherwise than another: what is
 * declared, which clients move, what can be proved; as text, as JSON, and as
 * Markdown for a pull request.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_DIFFERENCE_H
#define POLICY_REVIEW_DIFFERENCE_H

#include "policy/review/alteration.h"
#include "policy/review/movement.h"
#include "policy/review/proof.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct traffic;

struct difference {
	struct movement_ground ground; /* borrowed, as are proofs
					* and traffic */
	struct alterations alterations;
	struct movement *movements; /* of services that both have; owned */
	size_t count;
	const struct proof *before, *after;
	const struct traffic *traffic; /* NULL: no trace was given */
};

/* False when memory runs out.  ground is set; the caller ends it. */
bool difference_find(struct difference *difference);
void difference_fini(struct difference *difference);

void difference_print(const struct difference *difference);
void difference_print_json(const struct difference *difference);
void difference_print_markdown(const struct difference *difference);

/* Draws it as a map (policy/review/chart) into a file: what queries move when
 * there is a trace, else what of the address space.  False with err set. */
bool difference_draw(const struct difference *difference, const char *path,
		     struct error *err);

/* Flows of one movement that go one way for one cause: the greatest of them,
 * their sum, and the countries, greatest first. */
enum { DIFFERENCE_COUNTRIES = 5 };
struct difference_way {
	const struct movement_flow *flow;
	double v4, v6;
	const char *countries[DIFFERENCE_COUNTRIES];
	double of_country[DIFFERENCE_COUNTRIES]; /* percent: v4, else v6 */
	size_t country_count;
};

/* All that are not next to nothing, greatest first; the caller frees the list.
 * NULL: memory ran out. */
struct difference_way *difference_ways(const struct movement *movement,
				       size_t *count);

/* A region's name on one side, or "no answer". */
const char *difference_region(const struct rows_side *side, int region);

/* Has it moved so little that it is nothing to show? */
bool difference_is_still(const struct movement *movement);

#endif
