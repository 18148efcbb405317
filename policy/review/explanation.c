/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/explanation.h"

#include "policy/decide/deferral.h"
#include "policy/decide/opening.h"
#include "policy/decide/parts.h"
#include "policy/language/expression.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct policy_service *service_of(const struct explanation *x)
{
	return &x->subject->policy->services[x->service];
}

const char *explanation_step_name(enum chain_step step)
{
	static const char *const names[] = {
		[STEP_KEPT] = "kept",           [STEP_ELIGIBLE] = "eligible",
		[STEP_COMMANDED] = "commanded", [STEP_HEALTHY] = "healthy",
		[STEP_CANARY] = "canary",       [STEP_SHARED] = "shared",
		[STEP_PANIC] = "panic",
	};

	return names[step];
}

/* The scope the responder gives: equal rows, and a draw's own network. */
static uint8_t find_scope(const struct explanation *x)
{
	const struct subject *s = x->subject;
	size_t count = geo_class_count(s->geo);
	struct lpm_row *differs = calloc(count, sizeof(*differs));
	unsigned sticky = subject_sticky_bits(s, x->service, &x->client);
	uint8_t bits = (uint8_t)net_bits(x->client.family);

	if (differs == NULL)
		return bits;
	for (size_t i = 0; i < count; i++) {
		struct row row = subject_row(s, x->service, (uint16_t)i, NULL);

		differs[i].row = !row_equal(&row, &x->row);
	}
	lpm_rows_span(differs, count);
	bits = geo_scope(s->geo, &x->client, differs);
	free(differs);
	if (x->draw && service_of(x)->sticky == STICKY_CLIENT && bits < sticky)
		bits = (uint8_t)sticky;
	return bits;
}

static void find_picks(struct explanation *x)
{
	struct subject_asking asking = {
		.service = x->service,
		.row = &x->row,
		.client = &x->client,
		.having = UINT64_MAX,
	};
	uint64_t v4 = policy_having(service_of(x), NET_V4);
	uint64_t v6 = policy_having(service_of(x), NET_V6);

	x->pick_count = subject_pick(x->subject, &asking, x->picks);
	x->differ = v4 != v6 && v4 != 0 && v6 != 0;
	for (size_t i = 0; i < 2; i++) {
		struct explanation_family *f = &x->families[i];

		f->type = i == 0 ? "A" : "AAAA";
		asking.having = i == 0 ? v4 : v6;
		f->pick_count = subject_pick(x->subject, &asking, f->picks);
	}
}

/* What health would leave in of this outage.  Only to be told: what is supposed
 * to be down is supposed to be out, for this client and the next. */
static uint64_t find_deferred(struct view *view, int service)
{
	const struct policy_service *declared =
		&view->policy->services[service];
	struct view_endpoint *e = view->services[service].endpoints;
	bool before[POLICY_ENDPOINTS_MAX];
	size_t count = view->deferred;
	uint64_t found = 0;

	for (size_t i = 0; i < declared->endpoint_count; i++)
		before[i] = e[i].deferred;
	deferral_apply(view, (size_t)service);
	for (size_t i = 0; i < declared->endpoint_count; i++) {
		found |= (uint64_t)e[i].deferred << i;
		e[i].deferred = before[i];
	}
	view->deferred = count;
	return found;
}

/* Would this outage be panic?  Only to be told, too. */
static bool find_panic(struct view *view, int service, uint64_t regions)
{
	struct panic *panic = &view->services[service].panic;
	const struct panic before = *panic;
	bool found;

	panic_apply(view, (size_t)service);
	found = panic_binds(panic, view->policy, regions);
	*panic = before;
	return found;
}

struct explanation explanation_make(struct subject *s, int service,
				    const struct net_addr *client,
				    const struct scenario *scenario)
{
	const struct policy_service *declared = &s->policy->services[service];
	struct explanation x = {
		.subject = s,
		.service = service,
		.client = *client,
		.scenario = scenario,
		.match = geo_find(s->geo, client),
	};

	subject_suppose(s, service, scenario);
	x.class = geo_class(s->geo, x.match.class_id);
	x.row = subject_row(s, service, x.match.class_id, &x.trace);
	find_picks(&x);
	x.deferred = find_deferred(s->view, service);
	x.panic = find_panic(s->view, service, x.class->regions);
	x.draw = row_is_draw(&x.row, declared->answers);
	x.ttl_s = x.row.changing ? declared->ttl.changing_s
				 : declared->ttl.steady_s;
	if (opening_ttl_s(s->view, (size_t)service) < x.ttl_s)
		x.ttl_s = opening_ttl_s(s->view, (size_t)service);
	x.scope_bits = find_scope(&x);
	return x;
}

/* What text is built in: cut when full, never overrun. */
struct text {
	char *at;
	size_t left;
};

static void add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= t->left)
		len = t->left > 0 ? (int)t->left - 1 : 0;
	t->at += len;
	t->left -= (size_t)len;
}

static void add_regions(struct text *t, const struct policy *policy,
			uint64_t set)
{
	const char *sep = "";

	if (set == 0)
		add(t, "no region");
	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(set >> i & 1))
			continue;
		add(t, "%s%s", sep, policy->regions[i].name);
		sep = ", ";
	}
}

static void add_eligible(struct text *t, const struct explanation *x, size_t i)
{
	const struct policy *policy = x->subject->policy;
	int rule = x->trace.endpoints[i].residency;

	if (rule == POLICY_NONE) {
		add(t, "residency leaves its region out");
		return;
	}
	add(t, "residency %s (%s:%u) allows only ",
	    policy->residency[rule].name, policy->residency[rule].at.file,
	    policy->residency[rule].at.line);
	add_regions(t, policy, policy->residency[rule].regions);
}

/* What users met there, as the node was told. */
static void add_users(struct text *t, const struct explanation *x, size_t i)
{
	const struct standing_samples *samples = x->subject->samples;

	if (samples != NULL && samples->users[i][0] != '\0')
		add(t, "; %s", samples->users[i]);
}

static void add_health(struct text *t, const struct explanation *x, size_t i)
{
	const struct view_endpoint *e =
		&x->subject->view->services[x->service].endpoints[i];
	int region = service_of(x)->endpoints[i].region;

	if (x->scenario->failed >> region & 1) {
		add(t, "down, as --down %s supposes%s",
		    x->subject->policy->regions[region].name,
		    x->deferred >> i & 1
			    ? "; together with the others it would still "
			      "be served, see safety.max_capacity_opened"
			    : "");
		return;
	}
	add(t, "%s: %u of %u votes of vantages say down%s%s%s",
	    verdict_name(e->health.verdict), e->health.down,
	    (unsigned)e->health.up + e->health.down,
	    x->trace.endpoints[i].away ? ", those nearest to this client" : "",
	    e->health.held ? "; held, too few vote" : "",
	    e->health.vetoed ? "; a veto holds it up" : "");
	add_users(t, x, i);
}

static void add_cause(struct text *t, const struct view_endpoint *e)
{
	switch (e->cause) {
	case SHARE_FULL:
		break;
	case SHARE_COMMAND:
		add(t, " by command %s", e->cause_ref);
		break;
	case SHARE_RAMP:
		add(t, " after an outage");
		break;
	case SHARE_CANARY:
		add(t, " by canary %s", e->cause_ref);
		break;
	}
}

/* What it was ordered by: the vantages, what each measured, and how often. */
static void add_way(struct text *t, const struct explanation *x, size_t i)
{
	const struct subject *s = x->subject;
	const struct tiers_way *way = &x->trace.endpoints[i].way;
	const float *ms = s->view->services[x->service].endpoints[i].latency_ms;

	if (way->ms <= 0)
		return;
	add(t, "%.1f ms expected (", way->ms);
	if (way->users > 0) {
		add(t, "median of %u measurements of users there), ",
		    way->users);
		return;
	}
	if (way->near.count == 0)
		add(t, "by distance");
	for (unsigned k = 0; k < way->near.count; k++) {
		uint8_t v = way->near.vantages[k];

		add(t, "%s%s measured %.1f ms in %u probes and is %.1f ms away",
		    k == 0 ? "" : "; ", s->policy->vantages[v].name,
		    (double)ms[v], s->samples->of[i][v], way->near.way_ms[k]);
	}
	add(t, "), ");
}

static void add_kept(struct text *t, const struct explanation *x, size_t i)
{
	const struct chain_reason *why = &x->trace.endpoints[i];
	const struct view_endpoint *e =
		&x->subject->view->services[x->service].endpoints[i];
	char order[512];

	add(t, "tier %u: ", why->tier + 1u);
	add(t, "%s", explanation_order(x, i, order, sizeof(order)));
	add_way(t, x, i);
	if (e->trickle && x->row.note == ROW_PLAIN)
		add(t, "down, on trial with %.4g %% of its clients, ",
		    100 * REPORT_TRICKLE);
	add(t, "weight %u, share %.4g %%", e->weight,
	    100 * accept_share(e->accept));
	add_cause(t, e);
	add(t, "%s", explanation_spill(x, i, order, sizeof(order)));
	add_users(t, x, i);
	if (x->row.note == ROW_NONE_HEALTHY)
		add(t, "; down, served because all are");
	else if (x->row.note == ROW_PANIC)
		add(t, "; served in panic, %u %% of the capacity is healthy",
		    panic_left_pct(
			    &x->subject->view->services[x->service].panic));
	else if (x->row.note == ROW_ALL_COMMANDED)
		add(t, "; drained, served because nothing else works");
}

const char *explanation_reason(const struct explanation *x, size_t i, char *buf,
			       size_t size)
{
	const struct policy_endpoint *declared = &service_of(x)->endpoints[i];
	const struct view_endpoint *e =
		&x->subject->view->services[x->service].endpoints[i];
	struct text t = { buf, size };

	switch (x->trace.endpoints[i].step) {
	case STEP_KEPT:
		add_kept(&t, x, i);
		break;
	case STEP_ELIGIBLE:
		add_eligible(&t, x, i);
		break;
	case STEP_COMMANDED:
		add(&t, "share 0");
		add_cause(&t, e);
		break;
	case STEP_HEALTHY:
		add_health(&t, x, i);
		break;
	case STEP_CANARY:
		add(&t, "takes %.4g %% of %s", 100 * accept_share(e->accept),
		    service_of(x)->endpoints[declared->shadows].name);
		add_cause(&t, e);
		break;
	case STEP_PANIC:
		add(&t,
		    "%u %% of the capacity is healthy, and panic answers "
		    "otherwise",
		    panic_left_pct(
			    &x->subject->view->services[x->service].panic));
		break;
	case STEP_SHARED:
		if (x->trace.endpoints[i].spilled == ACCEPT_NONE)
			add(&t, "spilled by capacity: none of these clients");
		else
			add(&t, "%s 0",
			    e->accept == ACCEPT_NONE ? "share" : "weight");
		add_cause(&t, e);
		break;
	}
	return buf;
}

static void print_client(const struct explanation *x)
{
	const struct policy *policy = x->subject->policy;
	struct net_prefix network = {
		net_mask(&x->client, x->match.bits),
		x->match.bits,
	};
	char client[NET_TEXT_SIZE], around[NET_TEXT_SIZE];

	printf("client   %s\n", net_addr_text(&x->client, client));
	printf("network  %s is all of client class %u\n",
	       net_prefix_text(&network, around), x->match.class_id);
	printf("country  %s\n", x->class->country[0] != '\0' ? x->class->country
				: x->class->unknown          ? "unknown"
							     : "not looked at");
	if (x->class->located)
		printf("place    %.0f, %.0f (middle of its cell)\n",
		       x->class->latitude, x->class->longitude);
	else
		printf("place    unknown\n");
	printf("sets    ");
	for (size_t i = 0; i < policy->set_count; i++)
		if (x->class->sets >> i & 1)
			printf(" %s", policy->sets[i].name);
	printf("%s\n", x->class->sets == 0 ? " none" : "");
	printf("bound by");
	for (size_t i = 0; i < policy->residency_count; i++)
		if (x->class->residency >> i & 1)
			printf(" %s", policy->residency[i].name);
	printf("%s\n", x->class->residency == 0 ? " no residency rule" : "");
}

/* Where a node was asked, and health is made of several checks. */
static void print_parts(const struct explanation *x, const char *endpoint)
{
	char text[2048];

	parts_text(subject_parts(x->subject, endpoint), text, sizeof(text));
	if (text[0] != '\0')
		printf("    checks: %s\n", text);
}

static void print_service(const struct explanation *x)
{
	static const char *const labels[] = {
		[STEP_KEPT] = "serves",
		[STEP_ELIGIBLE] = "not eligible",
		[STEP_COMMANDED] = "commanded",
		[STEP_HEALTHY] = "not healthy",
		[STEP_CANARY] = "canary",
		[STEP_SHARED] = "takes nobody",
		[STEP_PANIC] = "panic",
	};
	const struct policy_service *service = service_of(x);
	const char *lacks = policy_unmonitored(x->subject->policy, service);
	char reason[512], text[EXPRESSION_TEXT_SIZE];

	printf("service  %s (%s:%u), steer %s", service->name, service->at.file,
	       service->at.line, steer_name(service->steer));
	if (lacks != NULL)
		printf(", unmonitored: it has %s", lacks);
	printf("\n");
	explanation_print_schedule(x);
	if (service->expression != NULL && lacks == NULL)
		printf("health   %s, at each vantage\n",
		       expression_text(x->subject->policy, service->expression,
				       text, sizeof(text)));
	for (size_t i = 0; i < service->endpoint_count; i++) {
		const struct policy_endpoint *e = &service->endpoints[i];
		enum chain_step step = x->trace.endpoints[i].step;

		printf("  %s (%s:%u)\n    %s: %s\n", e->name, e->at.file,
		       e->at.line, labels[step],
		       explanation_reason(x, i, reason, sizeof(reason)));
		print_parts(x, e->name);
	}
}

static void print_pick(const struct policy_endpoint *e)
{
	char buf[NET_TEXT_SIZE];

	printf("answer   %s", e->name);
	for (size_t i = 0; i < e->a_count; i++)
		printf(" %s", net_addr_text(&e->a[i], buf));
	for (size_t i = 0; i < e->aaaa_count; i++)
		printf(" %s", net_addr_text(&e->aaaa[i], buf));
	if (e->cname != NULL)
		printf(" CNAME %s", e->cname);
	printf("\n");
}

/* Whose addresses of one family the client gets. */
static void print_family(const struct policy_service *service,
			 const struct explanation_family *f)
{
	printf("%-8s", f->type);
	for (unsigned i = 0; i < f->pick_count; i++)
		printf(" %s", service->endpoints[f->picks[i]].name);
	printf("%s\n", f->pick_count == 0 ? " none" : "");
}

/* What else each answer carries, with its addresses as hints. */
static void print_binding(const char *type, const struct policy_binding *b)
{
	if (b->at.line == 0)
		return;
	printf("%-8s %u %s", type, b->priority, b->target);
	for (size_t i = 0; i < b->alpn_count; i++)
		printf("%s%s", i == 0 ? " alpn=" : ",", b->alpn[i]);
	if (b->no_default_alpn)
		printf(" no-default-alpn");
	if (b->port != 0)
		printf(" port=%u", b->port);
	if (b->ech_octets > 0)
		printf(" ech=(%zu octets)", b->ech_octets);
	printf("%s\n",
	       b->priority == 0 ? "" : ", hints: the answer's addresses");
}

void explanation_print(const struct explanation *x)
{
	const struct policy_service *service = service_of(x);
	const char *lacks = policy_unmonitored(x->subject->policy, service);

	print_client(x);
	print_service(x);
	for (unsigned i = 0; i < x->pick_count; i++)
		print_pick(&service->endpoints[x->picks[i]]);
	if (x->pick_count == 0)
		printf("answer   none\n");
	for (size_t i = 0; x->differ && i < 2; i++)
		print_family(service, &x->families[i]);
	print_binding("https", &service->https);
	print_binding("svcb", &service->svcb);
	if (x->scenario->failed != 0 && lacks != NULL)
		printf("note     --down changes nothing: %s has %s, so nobody "
		       "would notice\n",
		       service->name, lacks);
	if (x->scenario->failed != 0 && x->panic && lacks == NULL)
		printf("note     so much is down that it would be panic, and "
		       "health would not be obeyed\n");
	if (x->row.note != ROW_PLAIN)
		printf("note     %s\n",
		       row_note_name((enum row_note)x->row.note));
	printf("scope    /%u%s\n", x->scope_bits,
	       x->draw ? " (a draw: others may get another endpoint)" : "");
	printf("ttl      %u s (steady %u s, changing %u s)\n", x->ttl_s,
	       service->ttl.steady_s, service->ttl.changing_s);
}
