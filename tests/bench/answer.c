/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_answer -- from the datagram in the buffer to the datagram in the
 * buffer, without sockets: nanoseconds and octets an answer by kind of query.
 *
 *   bench_answer --policy DIR --zone NAME [--hosts N] [--subnets FILE]
 *                [--count N] KIND ...
 *
 * Under `valgrind --tool=callgrind --instr-atstart=no --collect-atstart=no`
 * only the answers are counted, one dump a kind: tests/bench/instructions does
 * that.
 */
#include "dns/answer.h"
#include "dns/datagram.h"
#include "dns/identity.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/reply.h"
#include "dns/sign/signers.h"
#include "dns/stats.h"
#include "dns/table.h"
#include "policy/base/clock.h"
#include "policy/base/hash.h"
#include "policy/base/option.h"
#include "policy/base/program.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"
#include "tests/bench/questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(text) (void)(text)
#endif

/* As many buffers as a worker of dns/udp has, so that caches see the same. */
enum { BATCH = 64, QUERY_MAX = 4096 };

struct bench {
	struct datagram_answerer answerer;
	struct datagram datagrams[BATCH];
	struct datagram *list[BATCH]; /* of them */
	struct identity identity;
	struct proxy_sources proxies; /* none */
	struct stats *stats;
	uint8_t queries[BATCH][QUERY_MAX + 64];
	uint8_t answers[BATCH][ANSWER_UDP_MAX + 48];
	uint64_t octets, wrong;
};

struct settings {
	const char *policy;
	struct question_plan plan;
	unsigned hosts, count;
};

/* clang-format off */
static size_t fill_rows(struct settings *s, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "policy", OPTION_TEXT, &s->policy, "DIR",
		  "what is answered from", 0, 0 },
		{ "zone", OPTION_TEXT, &s->plan.zone, "NAME",
		  "the zone that is asked (default gslb.example.com)", 0, 0 },
		{ "hosts", OPTION_NUMBER, &s->hosts, "N",
		  "static names in it (default 10000)", 1, 1000000 },
		{ "subnets", OPTION_TEXT, &s->plan.subnets, "FILE",
		  "clients, as tests/bench/subnets writes them", 0, 0 },
		{ "count", OPTION_NUMBER, &s->count, "N",
		  "answers of each kind (default 100000)", BATCH, 100000000 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}
/* clang-format on */

/* The table of a world of which nothing is known yet. */
static struct table *make_table(struct model *model)
{
	static const struct heard_report silence[POLICY_VANTAGES_MAX];
	const struct view_input in = { .reports = silence };
	struct view *view = view_reduce(model->policy, &in);
	struct table *table =
		view == NULL ? NULL : table_build(model, view, NULL);

	view_free(view);
	return table;
}

/*
 * What a worker does between recvmmsg and sendmmsg with what came from a
 * resolver that is nobody's proxy, where there is no tap and no rate limit.
 */
static __attribute__((noinline)) void answer_batch(struct bench *b,
						   size_t count)
{
	datagram_answer(&b->answerer, b->list, count);
}

static void judge_batch(struct bench *b, size_t count, uint8_t rcode)
{
	for (size_t i = 0; i < count; i++) {
		const struct datagram *d = b->list[i];

		b->octets += d->answer_len;
		b->wrong += (d->answer[3] & 0xf) != rcode ||
			    (d->answer[2] & REPLY_TC >> 8) != 0;
	}
}

/* The i-th batch of queries, where the kernel would have put them. */
static size_t receive_batch(struct bench *b, const struct questions *q,
			    size_t from)
{
	size_t count = q->count - from < BATCH ? q->count - from : BATCH;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *octets =
			question_at(q, from + i, &b->datagrams[i].len);

		memcpy(b->queries[i], octets, b->datagrams[i].len);
	}
	return count;
}

/* False when an answer was not what it should be. */
static bool run_kind(struct bench *b, struct question_plan *plan)
{
	struct questions q;
	int64_t spent_ns = 0;

	if (!questions_make(plan, &q))
		return false;
	for (size_t i = 0; i < BATCH; i++) /* once, so that all is in place */
		answer_batch(b, receive_batch(b, &q, i));
	b->octets = b->wrong = 0;
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	for (size_t at = 0; at < q.count; at += BATCH) {
		size_t count = receive_batch(b, &q, at);
		int64_t begin_ns = clock_now_ns();

		CALLGRIND_TOGGLE_COLLECT;
		answer_batch(b, count);
		CALLGRIND_TOGGLE_COLLECT;
		spent_ns += clock_now_ns() - begin_ns;
		judge_batch(b, count, plan->kind->rcode);
	}
	CALLGRIND_DUMP_STATS_AT(plan->kind->name);
	CALLGRIND_STOP_INSTRUMENTATION;
	printf("kind=%s answers=%zu ns=%.1f octets=%.1f wrong=%llu\n",
	       plan->kind->name, q.count, (double)spent_ns / (double)q.count,
	       (double)b->octets / (double)q.count,
	       (unsigned long long)b->wrong);
	questions_fini(&q);
	return b->wrong == 0;
}

static bool run_kinds(struct bench *b, struct settings *s,
		      const char *const *names, int count)
{
	bool ok = true;

	for (int i = 0; i < count; i++) {
		s->plan.kind = question_kind_find(names[i]);
		if (s->plan.kind == NULL) {
			fprintf(stderr, "bench_answer: no kind %s\n", names[i]);
			return false;
		}
		ok &= run_kind(b, &s->plan);
	}
	return ok;
}

/* As a worker is, in the middle of a batch. */
static void prepare(struct bench *b, const struct table *table)
{
	b->stats = stats_new(1);
	b->identity.secrets.count = 1;
	b->answerer = (struct datagram_answerer){
		.proxies = &b->proxies,
		.stats = stats_block(b->stats, 0),
		.table = table,
	};
	for (size_t i = 0; i < DATAGRAM_GROUP; i++) {
		b->answerer.turns[i].input.identity = &b->identity;
		b->answerer.turns[i].input.now_s = 1700000000;
	}
	for (size_t i = 0; i < BATCH; i++) {
		b->list[i] = &b->datagrams[i];
		b->datagrams[i] = (struct datagram){
			.query = b->queries[i],
			.answer = b->answers[i],
			.cap = ANSWER_UDP_MAX,
			.peer = { NET_V4, { 127, 0, 0, 1 } },
		};
	}
}

static bool run(struct settings *s, const char *const *names, int count)
{
	struct signers *signers = signers_new();
	struct loaded loaded = loader_load(s->policy, NULL, signers);
	struct bench *b = calloc(1, sizeof(*b));
	bool ok = false;

	errors_print(&loaded.errs, stderr);
	if (loaded.model != NULL && b != NULL) {
		struct table *table = make_table(loaded.model);

		prepare(b, table);
		ok = run_kinds(b, s, names, count);
		stats_free(b->stats);
		table_free(table);
	}
	free(b);
	loader_result_fini(&loaded);
	signers_free(signers);
	return ok;
}

int main(int argc, char **argv)
{
	struct settings s = { .plan = { .zone = "gslb.example.com", .seed = 1 },
			      .hosts = 10000,
			      .count = 100000 };
	struct option_row rows[8];
	size_t row_count = fill_rows(&s, rows);
	const char **names = calloc((size_t)argc, sizeof(*names));
	struct error err;
	int count = option_parse(rows, row_count, argc, argv, names, &err);
	bool ok = false;

	if (count < 0)
		fprintf(stderr, "bench_answer: %s\n", err.text);
	if (count <= 0 || s.policy == NULL) {
		fputs("usage: bench_answer --policy DIR [options] KIND ...\n",
		      stderr);
		option_print(rows, row_count, stderr);
	} else {
		s.plan.hosts = s.hosts;
		s.plan.count = s.count;
		ok = run(&s, names, count);
	}
	free(names);
	return ok ? 0 : 1;
}
