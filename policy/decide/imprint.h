/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imprint -- what the decisions for one service were made of, kept when the
 * view is gone, to tell whether another view leads to the same ones.
 *
 * It is a small part of a view's octets, because it is compared for every
 * service on every turn.  Pure.
 */
#ifndef POLICY_DECIDE_IMPRINT_H
#define POLICY_DECIDE_IMPRINT_H

#include <stdbool.h>
#include <stddef.h>

struct imprint;
struct view;

/* NULL when memory runs out.  Borrows nothing; the caller owns it. */
struct imprint *imprint_new(const struct view *view, size_t service);

/* Accepts NULL. */
void imprint_free(struct imprint *imprint);

/*
 * view_same() for the view that it was made of and this one, which is of the
 * same policy.
 */
bool imprint_fits(const struct imprint *imprint, const struct view *view,
		  size_t service);

#endif
