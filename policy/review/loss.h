/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss -- can the rest carry a service when one of its regions is lost?
 *
 * Of services that state a demand: it is spread over the clients by address
 * space, each region is lost in turn, all else is well, and the responder's own
 * rows say where clients go.  Whether another sharing could help,
 * policy/decide/spill says.  Pure.
 */
#ifndef POLICY_REVIEW_LOSS_H
#define POLICY_REVIEW_LOSS_H

#include <stdbool.h>
#include <stddef.h>

struct errors;
struct geo;
struct policy;

/* The loss that a service stands the worst. */
struct loss {
	size_t service;
	int region;      /* that is lost; POLICY_NONE: none, as all is well */
	size_t endpoint; /* loaded the most, as a part of its capacity */
	double load, capacity; /* of that */
	bool overloaded; /* too much, and no sharing among the others helps */
	double accept;   /* when one does: the part of its clients that the
			  * endpoint accepts then */
};

/* Of each service that states a demand, where some region states a capacity. */
struct losses {
	struct loss *list; /* owned */
	size_t count;
};

/* False when memory runs out; *out is then empty.  The caller ends it. */
bool losses_find(const struct policy *policy, const struct geo *geo,
		 struct losses *out);
void losses_fini(struct losses *losses);

/* Is it more than the endpoint can carry? */
static inline bool loss_is_beyond(const struct loss *loss)
{
	return loss->load > loss->capacity;
}

/* "the others can carry it when ...", or that nothing helps, into buf, which
 * is returned; of one that is beyond. */
enum { LOSS_ADVICE_SIZE = 120 };
const char *loss_advice(const struct policy *policy, const struct loss *loss,
			char buf[LOSS_ADVICE_SIZE]);

/*
 * Warns, once a service, of the loss after which an endpoint would be loaded
 * beyond its capacity; with the numbers.  False when memory runs out.
 */
bool loss_judge(const struct policy *policy, const struct geo *geo,
		struct errors *errs);

#endif
