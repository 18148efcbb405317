/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger -- which plans there ever were, of whom: stored, refused, followed.
 *
 * Whatever leaders believe, there is one an epoch, what the store refused is
 * followed by nobody, and no (epoch, sequence) is two plans.
 */
#include "fleet.h"

#include "policy/base/hash.h"

#include <inttypes.h>
#include <stdlib.h>

/* Who leads and goes on from the last plan is not refused. */
void history_refuse(struct fleet *f, const struct event *e,
		    const struct plan *plan)
{
	const struct store *s = &f->store;

	if (store_is_held(f) && plan->epoch == s->epoch &&
	    e->base_epoch == s->head_epoch &&
	    e->base_sequence == s->head_sequence)
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " of the leader, made "
			     "from the last, is refused",
			     plan->epoch, plan->sequence);
}

/* Leaders are told apart by their epochs. */
void history_grant(struct fleet *f, uint64_t epoch, uint64_t holder)
{
	struct history *h = &f->history;

	if (epoch <= h->given_epoch)
		fleet_broken(f,
			     "epoch %" PRIu64 " is given to %" PRIu64
			     " after %" PRIu64 " to %" PRIu64,
			     epoch, holder, h->given_epoch, h->given_to);
	h->given_epoch = epoch;
	h->given_to = holder;
}

void history_store(struct fleet *f, const struct plan *plan)
{
	struct history *h = &f->history;

	if (plan->epoch < h->given_epoch)
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " is stored after "
			     "epoch %" PRIu64 " was given",
			     plan->epoch, plan->sequence, h->given_epoch);
	if (h->stored_count == h->stored_room) {
		h->stored_room = h->stored_room * 2 + 64;
		h->stored = reallocarray(h->stored, h->stored_room,
					 sizeof(*h->stored));
		if (h->stored == NULL)
			abort();
	}
	h->stored[h->stored_count++] =
		(struct bus_place){ plan->epoch, plan->sequence };
}

/* The first plan of one who leads while another, paused, believes it does. */
void history_split(struct fleet *f, int node, const struct plan *plan)
{
	const struct plan *last = f->history.last;
	struct outturn *o = &f->outturn;

	if (last != NULL && last->epoch == plan->epoch)
		return;
	for (size_t i = 0; i < FLEET_SEATS; i++) {
		int other = fleet_seat(i);

		if (other == node || f->paused_until_ms[other] <= f->now_ms ||
		    f->seats[i].leads == 0 || f->split_ms == 0)
			continue;
		f->totals.splits++;
		if (o->takeovers < FLEET_SPLITS)
			o->takeover_ms[o->takeovers++] =
				f->now_ms - f->split_ms;
	}
}

static bool was_stored(const struct history *h, uint64_t epoch,
		       uint64_t sequence)
{
	for (size_t i = h->stored_count; i-- > 0;)
		if (h->stored[i].epoch == epoch &&
		    h->stored[i].sequence == sequence)
			return true;
	return false;
}

/* What a seat was told of a plan that nobody had answered, is it true? */
void history_settle(struct fleet *f, const struct doubt *d, enum doubt_end end)
{
	const struct history *h = &f->history;
	bool stored = was_stored(h, d->epoch, d->sequence);

	f->totals.settled += end != DOUBT_LOST;
	f->totals.unsettled += end == DOUBT_LOST;
	if (end == DOUBT_IN_FORCE && !stored)
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " is said to be in "
			     "force; it was not stored",
			     d->epoch, d->sequence);
	if (end == DOUBT_NOT && stored && h->reset_ms == 0)
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " is said not to be "
			     "stored; it was",
			     d->epoch, d->sequence);
}

void history_taken(struct fleet *f, int node, const struct plan *plan,
		   const struct blob *blob)
{
	struct history *h = &f->history;
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, blob->octets, blob->len);

	fleet_tell(f, node, "follows %" PRIu64 ".%" PRIu64, plan->epoch,
		   plan->sequence);
	if (!was_stored(h, plan->epoch, plan->sequence))
		fleet_broken(f,
			     "plan %" PRIu64 ".%" PRIu64 " is followed, which "
			     "the store refused",
			     plan->epoch, plan->sequence);
	for (size_t i = h->taken_count; i-- > 0;) {
		if (h->taken[i].epoch != plan->epoch ||
		    h->taken[i].sequence != plan->sequence)
			continue;
		if (h->taken[i].hash != hash)
			fleet_broken(f,
				     "there are two plans %" PRIu64 ".%" PRIu64,
				     plan->epoch, plan->sequence);
		return;
	}
	if (h->taken_count == h->taken_room) {
		h->taken_room = h->taken_room * 2 + 64;
		h->taken = reallocarray(h->taken, h->taken_room,
					sizeof(*h->taken));
		if (h->taken == NULL)
			abort();
	}
	h->taken[h->taken_count++] =
		(struct taken){ plan->epoch, plan->sequence, hash };
}
