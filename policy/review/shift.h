/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shift -- how much of its clients the service that a change moves most sends
 * elsewhere, as a number for a guard; windrose diff says who and why.
 *
 * Shell: loads both policies, and prints what is wrong with them.
 */
#ifndef POLICY_REVIEW_SHIFT_H
#define POLICY_REVIEW_SHIFT_H

#include <stdbool.h>

struct shift {
	double pct;        /* 0..100; a service that is gone moves all */
	char service[256]; /* whose that is; "" when nobody moves */
};

/* False when one does not load, or memory runs out. */
bool shift_find(const char *before, const char *after, struct shift *out);

#endif
