/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/breaches.h"

#include "policy/language/policy.h"

#include <stdarg.h>
#include <string.h>

struct breach_line {
	char *text; /* of BREACH_TEXT_SIZE */
	size_t len;
};

static void add(struct breach_line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What has no room is cut. */
static void add(struct breach_line *line, const char *fmt, ...)
{
	size_t room = BREACH_TEXT_SIZE - line->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line->text + line->len, room, fmt, ap);
	va_end(ap);
	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void add_test(struct breach_line *line, const struct policy *policy,
		     const struct policy_test *test)
{
	const struct policy_service *service = &policy->services[test->service];
	char client[NET_TEXT_SIZE];
	const char *sep = "";

	add(line, "test of %s: always %s ",
	    test->client.family != NET_NONE
		    ? net_addr_text(&test->client, client)
		    : policy->sets[test->clients].name,
	    test->expect == TEST_ALWAYS_WITHOUT ? "without" : "within");
	for (size_t i = 0; i < service->endpoint_count; i++)
		if (test->endpoints >> i & 1) {
			add(line, "%s%s", sep, service->endpoints[i].name);
			sep = ", ";
		}
	for (size_t i = 0; i < policy->jurisdiction_count; i++)
		if (test->jurisdictions >> i & 1) {
			add(line, "%s%s", sep, policy->jurisdictions[i]);
			sep = ", ";
		}
}

const char *breach_text(const struct proof *in, const struct proof_failure *f,
			char buf[BREACH_TEXT_SIZE])
{
	struct breach_line line = { buf, 0 };

	add(&line, "%s: ", in->policy->services[f->service].name);
	if (f->name != NULL)
		add(&line, "leads to %s, outside the policy's services",
		    f->name);
	else if (f->rule != NULL)
		add(&line, "residency %s", f->rule->name);
	else if (f->test != NULL)
		add_test(&line, in->policy, f->test);
	else
		add(&line, "no answer, though there could be one");
	return buf;
}

static bool has(const struct proof *p, const char *text)
{
	char buf[BREACH_TEXT_SIZE];

	for (size_t i = 0; i < p->failure_count; i++)
		if (strcmp(breach_text(p, p->failures[i], buf), text) == 0)
			return true;
	return false;
}

const char *breaches_next(struct breaches_walk *walk, const struct proof *in,
			  const struct proof *other)
{
	while (walk->next < in->failure_count) {
		const struct proof_failure *f = in->failures[walk->next++];

		if (!has(other, breach_text(in, f, walk->text)))
			return walk->text;
	}
	return NULL;
}
