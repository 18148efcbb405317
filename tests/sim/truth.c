/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth -- what vantages and responders say, held against what is true.
 *
 * A vantage has cause against a site when a probe of it failed there for
 * another reason than chance, be it true or not (ground.h).  From who has had
 * cause, and who was well for how long, follows what must be said.
 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

enum {
	QUORUM = 2,
	/* A breaker opens at its cause, rests for at most 18 s, and is on
	 * trial, damped, and on trial again; its vantage may be paused in the
	 * trial, for 15 s, which ends that, and it rests once more. */
	SAID_MS = 54000,
	/* And a reader still counts what it says: six seconds, and the rest. */
	COUNTED_MS = SAID_MS + 24000,
	/* After a restart what was kept counts as news. */
	KEPT_MS = 7000,
	/* Three failures with their confirmations, and the way. */
	DIES_MS = 10000,
	/* The longest rest, or what flapped is damped for, the trial, and the
	 * way: see policy.yaml. */
	LIVES_MS = 31000,
	/* All turn bad for a vantage within its window, or it sees well. */
	TURN_MS = 6000,
	/* So soon it knows itself for the cause. */
	DOUBT_MS = 8000,
	/* From the last fault until all are right about all, and from then, or
	 * the last command, until all give the same answers: who restarted as
	 * the faults ended holds what it kept of a vantage's life before
	 * against a clock that was set back.  For so long they may differ
	 * while something moves. */
	RIGHT_MS = 30000,
	ALIKE_MS = HEARD_RESTART_MS + 2000,
	APART_MS = 2000,
	/* What is settled may be off by the margin, a tenth of itself, and
	 * what is between two samples. */
	LATENCY_OFF_MS = LATENCY_MARGIN_MS + 4,
	LATENCY_OFF_PCT = LATENCY_MARGIN_PCT + 2,
};

static const char *target_name(const struct fleet *f, size_t target)
{
	return f->roster->jobs[f->target_parts[target].sites[0]].key;
}

static const char *name_of(const struct fleet *f, size_t site)
{
	return f->roster->jobs[site].key;
}

static size_t count_causes(const struct fleet *f, size_t vantage,
			   int64_t within_ms)
{
	size_t count = 0;

	for (size_t p = 0; p < f->roster->job_count; p++)
		count +=
			f->now_ms - f->sights[vantage].cause_ms[p] <= within_ms;
	return count;
}

/* Only who saw much turn bad doubts itself. */
void truth_mistrust(struct fleet *f, int node, bool mistrusts)
{
	size_t v = (size_t)(node - fleet_vantage(0));

	f->outturn.stirs++;
	f->vantages[v].trusted_ms = f->now_ms;
	f->totals.mistrusts += mistrusts;
	if (mistrusts && !f->sights[v].blind &&
	    f->now_ms - f->sights[v].clear_ms >= TURN_MS &&
	    f->now_ms >= f->well_ms[node] + DIES_MS &&
	    count_causes(f, v, TURN_MS) + 2 < f->roster->job_count / 2)
		fleet_broken(f,
			     "vantage %zu mistrusts itself, though %zu of "
			     "%zu sites failed lately",
			     v, count_causes(f, v, TURN_MS),
			     f->roster->job_count);
}

/* Latency moves only after it stayed away, never back and forth; but for its
 * first samples. */
void truth_latency(struct fleet *f, size_t vantage, size_t site, float ms)
{
	struct vantage *v = &f->vantages[vantage];
	float was_ms = v->settled_ms[site];

	v->settled_ms[site] = ms;
	if (ms <= was_ms && ms >= was_ms)
		return;
	if (was_ms <= 0)
		return;
	if (v->passes[site] > LATENCY_WINDOW) {
		f->totals.latencies++;
		if (v->moved_ms[site] != 0 &&
		    f->now_ms - v->moved_ms[site] < LATENCY_HOLD_MS)
			fleet_broken(
				f,
				"the latency of %s from vantage %zu moves after "
				"%lld ms",
				name_of(f, site), vantage,
				(long long)(f->now_ms - v->moved_ms[site]));
	}
	v->moved_ms[site] = f->now_ms;
}

/* Nothing is said against a site without cause; a vantage that lost its
 * uplink, and sees that all turned bad at once, says nothing. */
void truth_report(struct fleet *f, size_t vantage, const struct report *report)
{
	const struct sight *s = &f->sights[vantage];
	uint64_t fine = ~ground_causes(f, vantage, SAID_MS);
	int64_t well_ms = f->now_ms - f->well_ms[fleet_vantage(vantage)];
	int64_t blind_ms = f->now_ms - s->blind_ms;

	if (s->blind && s->innocent && !report->abstains &&
	    well_ms >= DOUBT_MS && blind_ms >= DOUBT_MS)
		fleet_broken(f,
			     "vantage %zu is blind since %lld ms and trusts "
			     "itself",
			     vantage, (long long)blind_ms);
	for (size_t t = 0; t < f->target_count; t++) {
		const struct report_entry *e = &report->entries[t];

		if (report->abstains ||
		    (e->state != REPORT_OPEN && e->state != REPORT_HALF_OPEN))
			continue;
		if (ground_holds(f, t, fine))
			fleet_broken(f,
				     "vantage %zu says %s is %s, and has not "
				     "seen anything of it lately",
				     vantage, target_name(f, t),
				     report_state_name(e->state));
	}
}

static const struct view_endpoint *seen(const struct fleet *f, size_t r,
					size_t target)
{
	return &f->responders[r]
			.world.view->services[f->target_service[target]]
			.endpoints[f->target_endpoint[target]];
}

/* Was this vantage well, honest and of trust in itself for so long? */
static bool is_sound(const struct fleet *f, size_t vantage, int64_t for_ms)
{
	const struct sight *s = &f->sights[vantage];
	const struct vantage *v = &f->vantages[vantage];
	int node = fleet_vantage(vantage);

	return f->alive[node] && f->now_ms - f->well_ms[node] >= for_ms &&
	       !v->suspicion.mistrusts && f->now_ms - v->trusted_ms >= for_ms &&
	       !s->blind && s->lies == 0 && f->now_ms - s->clear_ms >= for_ms;
}

/* A minority that is blind, lies or is cut off takes nobody out: whoever is
 * newly taken for down, a quorum has had cause against. */
static bool check_out(struct fleet *f, size_t r, size_t target)
{
	unsigned causes = 0;

	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		causes += !ground_holds(f, target,
					~ground_causes(f, v, COUNTED_MS));
	return causes >= QUORUM ||
	       f->now_ms - f->responders[r].notes.began_ms < KEPT_MS ||
	       fleet_broken(f,
			    "responder %zu takes %s for down, which %u "
			    "vantages had cause to",
			    r, target_name(f, target), causes);
}

/* Nor does it keep a dead one in, or a living one out, for long. */
static bool check_timely(struct fleet *f, size_t r, size_t target, bool down)
{
	bool up = ground_holds(f, target, ground_up(f));
	int64_t since_ms = f->now_ms - ground_turned_ms(f, target);
	int64_t well_ms = f->now_ms - f->well_ms[r];
	unsigned fell = 0, lived = 0;

	for (size_t v = 0; v < FLEET_VANTAGES; v++) {
		uint64_t quiet = ~ground_causes(f, v, LIVES_MS - 1);

		fell += is_sound(f, v, DIES_MS);
		lived += is_sound(f, v, LIVES_MS) &&
			 ground_holds(f, target, quiet);
	}
	if (!down && !up && since_ms >= DIES_MS && well_ms >= DIES_MS &&
	    fell >= QUORUM)
		return fleet_broken(f,
				    "responder %zu keeps %s, which is down for "
				    "%lld ms",
				    r, target_name(f, target),
				    (long long)since_ms);
	if (down && up && since_ms >= LIVES_MS && well_ms >= LIVES_MS &&
	    lived >= QUORUM)
		return fleet_broken(f,
				    "responder %zu keeps %s out, which is up "
				    "for %lld ms",
				    r, target_name(f, target),
				    (long long)since_ms);
	return true;
}

/* Counts where answers turn: out or in by the verdict, up or down by what the
 * endpoint takes.  What people say is not counted, nor canaries, nor what is
 * deferred, which goes by what others do. */
static void count_turns(struct fleet *f, size_t r, size_t target, bool down)
{
	const struct view_endpoint *e = seen(f, r, target);
	struct notes *w = &f->responders[r].notes;
	struct turns *turns = &f->outturn.turns[r][target];
	double takes =
		view_verdict(e) == VERDICT_DOWN ? 0 : accept_share(e->accept);
	double more = takes - w->takes[target];
	int heading = more > 0 ? 1 : more < 0 ? -1 : w->heading[target];

	turns->verdicts += w->seen && down != w->down[target];
	if (e->cause == SHARE_COMMAND || e->cause == SHARE_CANARY ||
	    e->deferred || e->turned)
		heading = 0;
	turns->answers += heading * w->heading[target] < 0;
	w->takes[target] = takes;
	w->heading[target] = heading;
	w->down[target] = down;
}

/*
 * One change of direction for each that the endpoint made, at most, where
 * nothing else went wrong.  A vantage that sees the opposite turns, too, and
 * may do so between the two others; and when it becomes honest.
 */
static bool check_turns(struct fleet *f, size_t r, size_t target)
{
	const struct turns *turns = &f->outturn.turns[r][target];
	uint64_t turned = ground_turns(f, target), most = turned;

	if (f->weather != WEATHER_FLAPS)
		most += 2 * (uint64_t)f->outturn.stirs;
	else if ((f->outturn.lied & ground_sites(f, target)) != 0)
		most = FLEET_VANTAGES * most + 1;
	return (turns->verdicts <= most && turns->answers <= most) ||
	       fleet_broken(f,
			    "responder %zu turns %u times about %s, its "
			    "answers %u times; it turned %llu times",
			    r, turns->verdicts, target_name(f, target),
			    turns->answers, (unsigned long long)turned);
}

bool truth_check(struct fleet *f, size_t r)
{
	for (size_t t = 0; t < f->target_count; t++) {
		bool down = seen(f, r, t)->health.verdict == VERDICT_DOWN;

		if (down && !f->responders[r].notes.down[t] &&
		    !check_out(f, r, t))
			return false;
		count_turns(f, r, t, down);
		if (!check_timely(f, r, t, down) || !check_turns(f, r, t))
			return false;
	}
	return true;
}

static bool same_answers(const struct notes *a, const struct notes *b)
{
	return memcmp(a->picks, b->picks, sizeof(a->picks)) == 0;
}

static bool all_alike(const struct fleet *f)
{
	for (size_t r = 1; r < FLEET_RESPONDERS; r++)
		if (!same_answers(&f->responders[0].notes,
				  &f->responders[r].notes))
			return false;
	return true;
}

void truth_compare(struct fleet *f)
{
	const struct plan *plan = f->history.last;

	if (plan != NULL && plan->command_count > 0)
		f->outturn.obeyed_ms = f->now_ms;
	for (size_t r = 0; r < FLEET_RESPONDERS; r++) {
		const struct responder *is = &f->responders[r];

		if (is->world.local.count > 0)
			f->outturn.obeyed_ms = f->now_ms;
		for (size_t t = 0; t < f->target_count; t++)
			if (seen(f, r, t)->health.verdict == VERDICT_DOWN)
				f->outturn.right_ms = f->now_ms;
	}
	if (all_alike(f))
		f->outturn.apart_ms = 0;
	else if (f->outturn.apart_ms == 0)
		f->outturn.apart_ms = f->now_ms;
	else if (f->now_ms - f->outturn.apart_ms > APART_MS)
		f->outturn.alike_ms = f->now_ms;
}

/* What a vantage says at the end of what it has seen for a minute. */
static bool check_far(struct fleet *f, size_t vantage, size_t site)
{
	const struct vantage *v = &f->vantages[vantage];
	struct observation now = ground_probe(f, vantage, site);
	float off_ms = v->settled_ms[site] - now.latency_ms;
	float most_ms = LATENCY_OFF_MS + now.latency_ms * LATENCY_OFF_PCT / 100;

	if (f->sights[vantage].cause_ms[site] > f->outturn.mended_ms - SAID_MS)
		return true;
	return (off_ms <= most_ms && off_ms >= -most_ms) ||
	       fleet_broken(f,
			    "vantage %zu says %s is %.0f ms away, not %.0f, "
			    "at the end",
			    vantage, name_of(f, site),
			    (double)v->settled_ms[site],
			    (double)now.latency_ms);
}

bool truth_converged(struct fleet *f)
{
	const struct outturn *o = &f->outturn;
	int64_t last_ms = o->mended_ms;

	if (o->right_ms - o->mended_ms > RIGHT_MS)
		return fleet_broken(f,
				    "verdicts are right %lld ms after the last "
				    "fault",
				    (long long)(o->right_ms - o->mended_ms));
	if (last_ms < o->obeyed_ms)
		last_ms = o->obeyed_ms;
	if (o->alike_ms - last_ms > ALIKE_MS)
		return fleet_broken(f,
				    "responders differ %lld ms after the last "
				    "fault or command",
				    (long long)(o->alike_ms - last_ms));
	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		for (size_t p = 0; p < f->roster->job_count; p++)
			if (!check_far(f, v, p))
				return false;
	return true;
}
