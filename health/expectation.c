/* SPDX-License-Identifier: Apache-2.0 */
#include "health/expectation.h"

#include "policy/base/hash.h"
#include "policy/decide/share.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_SIZE = 64, RCODE_NOERROR = 0 };

enum asked_kind asked_kind_of(const struct policy_service *service,
			      uint64_t draw)
{
	bool v4 = policy_having(service, NET_V4) != 0;
	bool v6 = policy_having(service, NET_V6) != 0;

	if (policy_is_alias(service))
		return ASKED_CNAME;
	return v6 && (!v4 || (draw >> 32 & 1) != 0) ? ASKED_AAAA : ASKED_A;
}

static const struct policy_service *service_of(const struct expectation *e)
{
	return &e->policy->services[e->asking.service];
}

static uint64_t having(const struct policy_service *s, enum asked_kind kind)
{
	if (kind == ASKED_CNAME)
		return UINT64_MAX;
	return policy_having(s, kind == ASKED_A ? NET_V4 : NET_V6);
}

static uint64_t allowed_of(const struct expectation *e)
{
	const struct policy_service *s = service_of(e);
	uint64_t set = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (e->asking.class->regions >> s->endpoints[i].region & 1)
			set |= UINT64_C(1) << i;
	return set;
}

/* What one who began later, or earlier, may not know of the way there. */
static bool is_remembered(const struct expectation *e,
			  const struct view_endpoint *view)
{
	if (view->latency_ms == NULL || service_of(e)->steer != STEER_LATENCY)
		return false;
	for (size_t v = 0; e->asking.young && v < e->policy->vantage_count; v++)
		if (!(view->latency_ms[v] > 0))
			return true;
	return view->remembered;
}

/*
 * May two readers of the same reports see it differently?  Panic outlasts what
 * it began by: where outages overlapped for no longer than reports are on their
 * way, one reader had it and another had not.
 */
static bool depends_on_history(const struct expectation *e,
			       const struct view_service *view)
{
	if (view->panic.anywhere)
		return true;
	for (size_t i = 0; i < service_of(e)->endpoint_count; i++)
		if (view->endpoints[i].health.held ||
		    view->endpoints[i].deferred ||
		    is_remembered(e, &view->endpoints[i]))
			return true;
	return false;
}

static uint64_t pick(const struct expectation *e, const struct row *row)
{
	const struct policy_service *s = service_of(e);
	const struct net_addr *addr = &e->asking.client.addr;
	const struct share_want want = { s->answers,
					 having(s, e->asking.kind) };
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	uint64_t set = 0;
	unsigned count;

	share_keys(e->policy, e->asking.service, keys);
	count = share_pick_having(row, keys,
				  hash_client(addr,
					      addr->family == NET_V4
						      ? s->sticky_v4_bits
						      : s->sticky_v6_bits),
				  &want, picks);
	for (unsigned i = 0; i < count; i++)
		set |= UINT64_C(1) << picks[i];
	return set;
}

struct expectation expectation_of(const struct policy *policy,
				  const struct view *view,
				  const struct asking_for *asking)
{
	struct expectation e = { .policy = policy, .asking = *asking };
	const struct policy_service *s = &policy->services[asking->service];
	struct row row = chain_row(policy, view, asking->service, asking->class,
				   &e.trace);

	e.allowed = allowed_of(&e);
	if (depends_on_history(&e, &view->services[asking->service])) {
		e.grade = EXPECT_WITHIN;
		e.set = e.allowed;
	} else if (s->sticky == STICKY_NONE && row_is_draw(&row, s->answers)) {
		e.grade = EXPECT_ONE_OF;
		e.set = share_possible(&row, s->answers) &
			having(s, asking->kind);
	} else {
		e.grade = EXPECT_EXACTLY;
		e.set = pick(&e, &row);
	}
	return e;
}

/* The endpoint's addresses of the kind. */
static const struct net_addr *list_of(const struct policy_endpoint *endpoint,
				      enum asked_kind kind, size_t *count)
{
	*count = kind == ASKED_A      ? endpoint->a_count
		 : kind == ASKED_AAAA ? endpoint->aaaa_count
				      : 0;
	return kind == ASKED_A ? endpoint->a : endpoint->aaaa;
}

/* The first endpoint of set with that address; POLICY_NONE: none has. */
static int owner_of(const struct expectation *e, uint64_t set,
		    const struct net_addr *addr)
{
	const struct policy_service *s = service_of(e);

	for (size_t i = 0; i < s->endpoint_count; i++) {
		size_t count;
		const struct net_addr *list =
			list_of(&s->endpoints[i], e->asking.kind, &count);

		if (set >> i & 1 && net_is_among(addr, list, count))
			return (int)i;
	}
	return POLICY_NONE;
}

static int owner_of_alias(const struct expectation *e, uint64_t set,
			  const char *alias)
{
	const struct policy_service *s = service_of(e);

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (set >> i & 1 && s->endpoints[i].cname != NULL &&
		    strcmp(s->endpoints[i].cname, alias) == 0)
			return (int)i;
	return POLICY_NONE;
}

/* Is all that was said of endpoints of set?  Who else said it into *other:
 * POLICY_NONE when nobody of the service did. */
static bool is_within(const struct expectation *e, uint64_t set,
		      const struct said *said, int *other)
{
	for (size_t i = 0; i < said->count; i++)
		if (owner_of(e, set, &said->addresses[i]) == POLICY_NONE) {
			*other = owner_of(e, UINT64_MAX, &said->addresses[i]);
			return false;
		}
	if (said->alias[0] == '\0' ||
	    owner_of_alias(e, set, said->alias) != POLICY_NONE)
		return true;
	*other = owner_of_alias(e, UINT64_MAX, said->alias);
	return false;
}

/* Was all said that the endpoints of set have? */
static bool is_whole(const struct expectation *e, uint64_t set,
		     const struct said *said)
{
	const struct policy_service *s = service_of(e);

	if (e->asking.kind == ASKED_CNAME)
		return set == 0 || said->alias[0] != '\0';
	for (size_t i = 0; i < s->endpoint_count; i++) {
		size_t count = 0;
		const struct net_addr *list =
			list_of(&s->endpoints[i], e->asking.kind, &count);

		for (size_t a = 0; set >> i & 1 && a < count; a++)
			if (!net_is_among(&list[a], said->addresses,
					  said->count))
				return false;
	}
	return true;
}

static bool is_empty(const struct said *said)
{
	return said->count == 0 && said->alias[0] == '\0';
}

static bool agrees(const struct expectation *e, const struct said *said,
		   int *other)
{
	*other = POLICY_NONE;
	if (said->rcode != RCODE_NOERROR || !is_within(e, e->set, said, other))
		return false;
	switch (e->grade) {
	case EXPECT_EXACTLY:
		return is_whole(e, e->set, said);
	case EXPECT_ONE_OF:
		return e->set == 0 || !is_empty(said);
	case EXPECT_WITHIN:
		break;
	}
	return true;
}

/* "a+b", "nothing", into buf. */
static const char *names_of(const struct expectation *e, uint64_t set,
			    char buf[NAMES_SIZE])
{
	const struct policy_service *s = service_of(e);
	int len = 0;

	snprintf(buf, NAMES_SIZE, "nothing");
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (set >> i & 1 && len < NAMES_SIZE)
			len += snprintf(buf + len, (size_t)(NAMES_SIZE - len),
					"%s%s", len == 0 ? "" : "+",
					s->endpoints[i].name);
	return buf;
}

static uint64_t set_of(const struct expectation *e, const struct said *said)
{
	uint64_t set = 0;
	int owner;

	for (size_t i = 0; i < said->count; i++) {
		owner = owner_of(e, UINT64_MAX, &said->addresses[i]);
		if (owner != POLICY_NONE)
			set |= UINT64_C(1) << owner;
	}
	owner = said->alias[0] == '\0'
			? POLICY_NONE
			: owner_of_alias(e, UINT64_MAX, said->alias);
	return owner == POLICY_NONE ? set : set | UINT64_C(1) << owner;
}

/* What was said, in words. */
static const char *words_of(const struct expectation *e,
			    const struct said *said, char buf[NAMES_SIZE])
{
	static const char *const rcodes[] = { [1] = "FORMERR",
					      [2] = "SERVFAIL",
					      [3] = "NXDOMAIN",
					      [4] = "NOTIMP",
					      [5] = "REFUSED" };
	uint64_t set = set_of(e, said);
	char addr[NET_TEXT_SIZE];

	if (said->rcode != RCODE_NOERROR &&
	    said->rcode < sizeof(rcodes) / sizeof(rcodes[0]))
		snprintf(buf, NAMES_SIZE, "%s", rcodes[said->rcode]);
	else if (said->rcode != RCODE_NOERROR)
		snprintf(buf, NAMES_SIZE, "RCODE %u", said->rcode);
	else if (set == 0 && said->count > 0)
		snprintf(buf, NAMES_SIZE, "%s",
			 net_addr_text(&said->addresses[0], addr));
	else if (set == 0 && said->alias[0] != '\0')
		snprintf(buf, NAMES_SIZE, "%.*s", NAMES_SIZE - 1, said->alias);
	else
		names_of(e, set, buf);
	return buf;
}

/* Which step of ours took away, or placed behind, what it gave. */
static const char *step_against(const struct expectation *e, int other)
{
	static const char *const steps[] = {
		[STEP_KEPT] = "ordered",        [STEP_ELIGIBLE] = "eligible",
		[STEP_COMMANDED] = "commanded", [STEP_HEALTHY] = "healthy",
		[STEP_CANARY] = "canary",       [STEP_SHARED] = "shared",
	};

	if (other == POLICY_NONE)
		return "";
	return steps[e->trace.endpoints[other].step];
}

static void explain(const struct expectation *e, const struct said *said,
		    int other, struct judgement *out)
{
	static const char *const kinds[] = { "A", "AAAA", "CNAME" };
	char want[NAMES_SIZE], got[NAMES_SIZE], net[NET_TEXT_SIZE];
	const char *step = step_against(e, other);
	int len = snprintf(out->text, sizeof(out->text),
			   "%.40s %s for %s: expected %s%.40s, got %.40s",
			   service_of(e)->name, kinds[e->asking.kind],
			   net_prefix_text(&e->asking.client, net),
			   e->grade == EXPECT_EXACTLY ? "" : "one of ",
			   names_of(e, e->set, want), words_of(e, said, got));

	if (out->kind == JUDGEMENT_OUTSIDE && len < EXPECTATION_TEXT_SIZE)
		snprintf(out->text + len, sizeof(out->text) - (size_t)len,
			 ", OUTSIDE RESIDENCY");
	else if (step[0] != '\0' && len < EXPECTATION_TEXT_SIZE)
		snprintf(out->text + len, sizeof(out->text) - (size_t)len,
			 " (here out by: %s)", step);
}

struct judgement expectation_meets(const struct expectation *e,
				   const struct said *said)
{
	struct judgement judgement = { .kind = JUDGEMENT_AGREES,
				       .held = said->held };
	int other = POLICY_NONE;

	if (!said->subnet && said->rcode == RCODE_NOERROR) {
		judgement.kind = JUDGEMENT_UNSURE;
	} else if (said->rcode == RCODE_NOERROR &&
		   !is_within(e, e->allowed, said, &other)) {
		judgement.kind = JUDGEMENT_OUTSIDE;
	} else if (!agrees(e, said, &other)) {
		judgement.kind = said->held || said->deferred
					 ? JUDGEMENT_UNSURE
					 : JUDGEMENT_DIFFERS;
	}
	if (judgement.kind == JUDGEMENT_OUTSIDE ||
	    judgement.kind == JUDGEMENT_DIFFERS)
		explain(e, said, other, &judgement);
	return judgement;
}
