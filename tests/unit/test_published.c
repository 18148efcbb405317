/* SPDX-License-Identifier: Apache-2.0 */
/* published: a prober fetches what a plan names, probes by the policy that all
 * serve and by the next beside it, refuses what it cannot, and starts with what
 * all serve. */
#include "health/published.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bundles.h"
#include "policy/bus/memory.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/sign.h"
#include "policy/language/policy.h"
#include "tests/unit/bundle_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

enum { PATIENCE_MS = 20000 };

static const char format[] =
	"zone: {name: gslb.example.com, nameservers: ns.example.net}\n"
	"regions: {a: {location: [0, 0], jurisdictions: x}}\n"
	"vantages: {%s: {location: [0, 0]}}\n"
	"checks: {up: {type: tcp, port: 80, quorum: 1}}\n"
	"services:\n"
	"  www: {steer: failover, check: up, endpoints: {a: {A: 192.0.2.%u}}}\n";

struct world {
	struct event_base *loop;
	struct memory_hub *hub;
	struct bus *ours, *theirs;
	struct sealer *signer;
	struct verifier *trusted;
	char dir[64], own[96], kept[96];
	struct bundles *bundles;
	struct published *published;
	struct policy *policy, *next; /* probed by, as loaded last */
	unsigned loads;               /* tried */
	char error[256];              /* of the last that failed; "" */
	uint64_t sequence;
};

/* As a prober does. */
static void on_change(void *arg)
{
	struct world *w = arg;
	struct policy *policy, *next;
	struct error err;

	w->loads++;
	w->error[0] = '\0';
	if (!published_load(w->published, &policy, &next, &err)) {
		snprintf(w->error, sizeof(w->error), "%s", err.text);
		return;
	}
	policy_free(w->policy);
	policy_free(w->next);
	w->policy = policy;
	w->next = next;
	published_adopt(w->published);
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct world *w = arg;

	published_take(w->published, w->policy, topic, key, octets, len);
}

static void start(struct world *w)
{
	const struct published_config config = {
		.loop = w->loop,
		.bundles = w->bundles,
		.bus = w->theirs,
		.trusted = w->trusted,
		.own_path = w->own,
		.vantage = "v",
		.on_change = on_change,
		.arg = w,
	};
	struct error err;

	w->published = published_start(&config, &err);
	assert_non_null(w->published);
	on_change(w);
	assert_string_equal(w->error, "");
}

static void restart(struct world *w)
{
	struct error err;

	published_stop(w->published);
	bundles_free(w->bundles);
	w->bundles = bundles_open(w->kept, &err);
	assert_non_null(w->bundles);
	start(w);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error err;
	FILE *f;

	log_set_level((enum log_level)(LOG_LEVEL_ERROR + 1));
	strcpy(w->dir, "published-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->own, sizeof(w->own), "%s/policy.yaml", w->dir);
	snprintf(w->kept, sizeof(w->kept), "%s/bundles", w->dir);
	f = fopen(w->own, "w");
	fprintf(f, format, "v", 1);
	fclose(f);
	w->loop = event_base_new();
	w->hub = memory_hub_new(w->loop);
	w->ours = memory_bus_new(w->hub);
	w->theirs = memory_bus_new(w->hub);
	w->signer = sealer_new(&err);
	w->trusted = verifier_new();
	verifier_add_sealer(w->trusted, w->signer, &err);
	bus_follow(w->theirs,
		   &(struct bus_follower){ .on_value = on_value, .arg = w });
	w->bundles = bundles_open(w->kept, &err);
	assert_non_null(w->bundles);
	start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	published_stop(w->published);
	bundles_free(w->bundles);
	policy_free(w->policy);
	policy_free(w->next);
	bus_free(w->ours);
	bus_free(w->theirs);
	memory_hub_free(w->hub);
	event_base_free(w->loop);
	verifier_free(w->trusted);
	sealer_free(w->signer);
	snprintf(command, sizeof(command), "rm -r %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Of vantage, with an endpoint of that last octet. */
static void policy(struct world *w, const char *vantage, unsigned last,
		   char digest[BUNDLE_DIGEST_SIZE])
{
	char text[sizeof(format) + 40];

	snprintf(text, sizeof(text), format, vantage, last);
	bundle_text_put(w->ours, text, digest);
}

/* A plan that says so comes. */
static void say(struct world *w, enum release_phase phase, const char *base,
		const char *next)
{
	struct plan plan = { .epoch = 1,
			     .sequence = ++w->sequence,
			     .agent = "test",
			     .wall_made_ms = clock_wall_ms(),
			     .release = { .phase = phase } };
	size_t len, wrapped_len;
	char *text, *wrapped;
	struct error err;

	snprintf(plan.release.base, sizeof(plan.release.base), "%s", base);
	snprintf(plan.release.next, sizeof(plan.release.next), "%s", next);
	text = plan_write(&plan, &len);
	wrapped =
		sign_wrap(w->signer, SIGN_PLAN, text, len, &wrapped_len, &err);
	assert_non_null(wrapped);
	published_take(w->published, w->policy, BUS_PLAN, "", wrapped,
		       wrapped_len);
	free(text);
	free(wrapped);
}

/* Until one of them is loaded, or tried in vain. */
static void await_load(struct world *w, unsigned loads)
{
	int64_t until_ms = clock_now_ms() + PATIENCE_MS;

	while (w->loads < loads) {
		assert_true(clock_now_ms() < until_ms);
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
}

static struct node told(const struct world *w, bool seen)
{
	struct node node = { .trouble = "" };

	published_tell(w->published, seen, &node);
	return node;
}

static unsigned last_of(const struct policy *policy)
{
	return policy->services[0].endpoints[0].a[0].octets[3];
}

/* Beside the policy of all from the first word on, until it is over. */
static void test_next_beside_the_first(void **state)
{
	struct world *w = *state;
	char two[BUNDLE_DIGEST_SIZE], three[BUNDLE_DIGEST_SIZE];
	struct node node;

	policy(w, "v", 2, two);
	policy(w, "v", 3, three);
	say(w, RELEASE_PLANNED, "", two);
	await_load(w, 2);
	assert_int_equal(last_of(w->policy), 1);
	assert_int_equal(last_of(w->next), 2);
	node = told(w, false);
	assert_true(node.takes_policy);
	assert_string_equal(node.next_digest, "");
	assert_string_equal(told(w, true).next_digest, two);
	say(w, RELEASE_SOAK, "", two);
	assert_int_equal(w->loads, 2);
	/* It is that of all. */
	say(w, RELEASE_DONE, two, two);
	assert_int_equal(last_of(w->policy), 2);
	assert_null(w->next);
	assert_string_equal(bundles_promoted(w->bundles), two);
	/* The next one is taken back, and probed by until it is gone. */
	say(w, RELEASE_WAVE, two, three);
	await_load(w, 4);
	assert_int_equal(last_of(w->next), 3);
	say(w, RELEASE_BACK, two, three);
	assert_int_equal(last_of(w->next), 3);
	say(w, RELEASE_GONE, two, three);
	assert_null(w->next);
	assert_int_equal(last_of(w->policy), 2);
	/* And back to its own files. */
	say(w, RELEASE_DONE, "", "");
	assert_int_equal(last_of(w->policy), 1);
	assert_string_equal(bundles_promoted(w->bundles), "");
}

static void test_refuses_what_it_cannot_probe_by(void **state)
{
	struct world *w = *state;
	char other[BUNDLE_DIGEST_SIZE], two[BUNDLE_DIGEST_SIZE];
	struct node node;

	policy(w, "u", 9, other);
	policy(w, "v", 2, two);
	say(w, RELEASE_PLANNED, "", other);
	await_load(w, 2);
	assert_null(w->next);
	node = told(w, true);
	assert_string_equal(node.next_digest, "");
	assert_string_equal(node.refused_digest, other);
	assert_string_equal(node.refused_reason,
			    "vantage \"v\" is not defined; did you mean "
			    "\"u\"?");
	assert_non_null(strstr(node.trouble, "is refused"));
	/* Not again by itself; by a person, yes. */
	say(w, RELEASE_WAVE, "", other);
	assert_int_equal(w->loads, 2);
	published_retry(w->published);
	assert_string_equal(told(w, true).refused_digest, "");
	say(w, RELEASE_SOAK, "", other);
	assert_int_equal(w->loads, 3);
	/* All go over to it; this one stays, and takes the next one. */
	say(w, RELEASE_DONE, other, other);
	assert_int_equal(w->loads, 4);
	assert_non_null(strstr(w->error, "vantage \"v\""));
	assert_int_equal(last_of(w->policy), 1);
	assert_string_equal(told(w, true).refused_digest, other);
	say(w, RELEASE_DONE, two, two);
	await_load(w, 5);
	assert_int_equal(last_of(w->policy), 2);
	node = told(w, true);
	assert_string_equal(node.refused_digest, "");
	assert_string_equal(node.trouble, "");
}

static void test_waits_for_what_is_not_there(void **state)
{
	struct world *w = *state;
	char text[sizeof(format) + 40], two[BUNDLE_DIGEST_SIZE];

	snprintf(text, sizeof(text), format, "v", 2);
	bundle_text_put(NULL, text, two);
	say(w, RELEASE_DONE, two, two);
	/* Something else by that name is not it. */
	bus_put(w->ours, BUS_BUNDLES, two, "junk", 4, 60000);
	assert_int_equal(w->loads, 1);
	bundle_text_put(w->ours, text, two);
	await_load(w, 2);
	assert_int_equal(last_of(w->policy), 2);
}

static void test_starts_with_what_all_serve(void **state)
{
	struct world *w = *state;
	char two[BUNDLE_DIGEST_SIZE], path[BUNDLES_PATH_SIZE + 16];
	FILE *f;

	policy(w, "v", 2, two);
	say(w, RELEASE_DONE, two, two);
	await_load(w, 2);
	restart(w);
	assert_int_equal(last_of(w->policy), 2);
	/* Damaged, it is fetched again, and meanwhile the files serve. */
	bundles_path(w->bundles, two, path);
	strcat(path, "/policy.yaml");
	f = fopen(path, "w");
	fprintf(f, format, "v", 7);
	fclose(f);
	restart(w);
	assert_int_equal(last_of(w->policy), 1);
	w->loads = 0;
	say(w, RELEASE_DONE, two, two);
	await_load(w, 1);
	assert_int_equal(last_of(w->policy), 2);
}

int main(void)
{
#define WITH_WORLD(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_next_beside_the_first),
		WITH_WORLD(test_refuses_what_it_cannot_probe_by),
		WITH_WORLD(test_waits_for_what_is_not_there),
		WITH_WORLD(test_starts_with_what_all_serve),
	};

	return cmocka_run_group_tests_name("published", tests, NULL, NULL);
}
