/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/explanation.h"

#include "policy/base/civil.h"
#include "policy/decide/deferral.h"
#include "policy/decide/frozen.h"
#include "policy/decide/opening.h"
#include "policy/decide/parts.h"
#include "policy/decide/reason.h"
#include "policy/language/expression.h"

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

static struct reasons reasons_of(const struct explanation *x)
{
	return (struct reasons){
		.view = x->subject->view,
		.service = x->service,
		.row = &x->row,
		.trace = &x->trace,
		.samples = x->subject->samples,
		.failed = x->scenario->failed,
		.deferred = x->deferred,
	};
}

const char *explanation_reason(const struct explanation *x, size_t i, char *buf,
			       size_t size)
{
	const struct reasons reasons = reasons_of(x);

	return reason_text(&reasons, i, buf, size);
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
	char text[4096];

	parts_text(subject_parts(x->subject, endpoint), text, sizeof(text));
	if (text[0] != '\0')
		printf("    checks: %s\n", text);
}

/* As of when, where a schedule decides. */
static void print_schedule(const struct explanation *x)
{
	const struct view *view = x->subject->view;
	const struct view_service *seen = &view->services[x->service];
	char at[CIVIL_TEXT_SIZE], until[CIVIL_TEXT_SIZE];

	if (service_of(x)->steer != STEER_SCHEDULE)
		return;
	printf("schedule as of %s", civil_text(view->wall_made_ms / 1000, at));
	if (seen->opening.until_s != INT64_MAX)
		printf(", until %s", civil_text(seen->opening.until_s, until));
	printf("\n");
}

/* What of it the agent is kept from moving. */
static void print_freezes(const struct explanation *x)
{
	const struct view *view = x->subject->view;
	const struct command *freeze = NULL;
	char text[REASON_SIZE];

	while ((freeze = frozen_next(view, (size_t)x->service, freeze)) != NULL)
		printf("frozen   %s\n",
		       reason_freeze(freeze, text, sizeof(text)));
}

/* What capacity's part goes by. */
static void print_demand(const struct explanation *x)
{
	const struct view *view = x->subject->view;
	const struct plan_demand *demand = view->services[x->service].demand;
	char text[REASON_SIZE];

	if (demand != NULL)
		printf("demand   %s\n",
		       reason_demand(demand, text, sizeof(text)));
}

static void print_service(const struct explanation *x)
{
	const struct policy_service *service = service_of(x);
	const struct reasons reasons = reasons_of(x);
	const char *lacks = policy_unmonitored(x->subject->policy, service);
	char buf[REASON_SIZE], text[EXPRESSION_TEXT_SIZE];

	printf("service  %s\n", reason_service(&reasons, buf, sizeof(buf)));
	print_schedule(x);
	print_freezes(x);
	print_demand(x);
	expression_text(x->subject->policy, service, text, sizeof(text));
	if (text[0] != '\0' && lacks == NULL)
		printf("health   %s, at each vantage\n", text);
	for (size_t i = 0; i < service->endpoint_count; i++) {
		printf("  %s\n",
		       reason_endpoint(&reasons, i, buf, sizeof(buf)));
		printf("    %s: %s\n", reason_label(x->trace.endpoints[i].step),
		       reason_text(&reasons, i, buf, sizeof(buf)));
		print_parts(x, service->endpoints[i].name);
	}
}

static void print_picks(const struct explanation *x)
{
	const struct reasons reasons = reasons_of(x);
	char buf[REASON_SIZE];

	for (unsigned i = 0; i < x->pick_count; i++)
		printf("answer   %s\n",
		       reason_answer(&reasons, x->picks[i], buf, sizeof(buf)));
	if (x->pick_count == 0)
		printf("answer   none\n");
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
	print_picks(x);
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
