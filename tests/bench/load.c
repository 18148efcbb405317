/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load -- asks one server as fast as it answers, or at a steady rate, and
 * prints one line of key=value.
 *
 *   bench_load --kind KIND [--subnets FILE] [--address A] [--port N]
 *              [--rate N | --window N] [--seconds N] [--core N] [--pid PID ...]
 *
 * One thread.  Without --rate every lane (source port) keeps a window of
 * queries under way: the rate of answers is then the server's.  With --rate
 * queries leave by the clock, whatever comes back: latencies are then what a
 * client sees, and what is lost is lost.  Every answer's ID, QR, TC, RCODE and
 * ANCOUNT is checked, by sampling the question, too.
 *
 * CPU time is that of the processes given by --pid, over the same seconds.
 */
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/net.h"
#include "policy/base/option.h"
#include "tests/bench/flight.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define WARM_UP_NS (NS_PER_S / 4)
#define DRAIN_NS (NS_PER_S / 4)

struct settings {
	struct question_plan plan;
	struct carrier_config carrier;
	const char *kind, *address, *local, *write;
	struct option_list pids;
	unsigned port, hosts, count, seed, rate, window, lanes, core;
	unsigned milliseconds, limit, timeout_ms;
	bool echo, single;
};

struct load {
	const struct settings *settings;
	const struct carrier_kind *kind;
	struct carrier *carrier;
	struct flight flight;
	unsigned lane;            /* that sends next */
	int64_t late_ns;          /* how far behind its clock it was, at most */
	uint64_t answered;        /* within the time */
	int64_t spent_ns, cpu_ns; /* the time, and the server's of it */
};

/* clang-format off */
static size_t fill_rows(struct settings *s, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "kind", OPTION_TEXT, &s->kind, "KIND",
		  "what is asked: static, nxdomain, steered-v4 ...", 0, 0 },
		{ "zone", OPTION_TEXT, &s->plan.zone, "NAME",
		  "the zone that is asked (default gslb.example.com)", 0, 0 },
		{ "hosts", OPTION_NUMBER, &s->hosts, "N",
		  "static names in it (default 10000)", 1, 1000000 },
		{ "subnets", OPTION_TEXT, &s->plan.subnets, "FILE",
		  "clients, as bench_subnets writes them", 0, 0 },
		{ "count", OPTION_NUMBER, &s->count, "N",
		  "distinct queries, over and over (default 1000000)",
		  CARRIER_BATCH, 50000000 },
		{ "seed", OPTION_NUMBER, &s->seed, "N",
		  "another one asks others (default 1)", 0, 1000000000 },
		{ "address", OPTION_TEXT, &s->address, "ADDR",
		  "of the server (default 127.0.0.1)", 0, 0 },
		{ "port", OPTION_NUMBER, &s->port, "N",
		  "of the server (default 5300)", 1, 65535 },
		{ "rate", OPTION_NUMBER, &s->rate, "N",
		  "queries a second (default as many as are answered)",
		  1, 100000000 },
		{ "window", OPTION_NUMBER, &s->window, "N",
		  "under way on a lane at a time (default 32)",
		  1, FLIGHT_SLOTS / 2 },
		{ "lanes", OPTION_NUMBER, &s->lanes, "N",
		  "source ports (default 8)", 1, CARRIER_LANES_MAX },
		{ "single", OPTION_FLAG, &s->single, NULL,
		  "hand the kernel each query by itself", 0, 0 },
		{ "milliseconds", OPTION_NUMBER, &s->milliseconds, "N",
		  "how long (default 2000)", 10, 3600000 },
		{ "limit", OPTION_NUMBER, &s->limit, "N",
		  "so many queries, however long it takes, and nothing before",
		  1, 1000000000 },
		{ "timeout", OPTION_NUMBER, &s->timeout_ms, "MS",
		  "then a query is lost, and its place in the window free "
		  "(default 100)", 1, 600000 },
		{ "core", OPTION_NUMBER, &s->core, "N",
		  "run on this core (default wherever)", 0, 1023 },
		{ "pid", OPTION_LIST, &s->pids, "PID",
		  "whose CPU time is told; may be repeated", 0, 0 },
		{ "echo", OPTION_FLAG, &s->echo, NULL,
		  "the server is an echo: RCODE and ANCOUNT mean nothing",
		  0, 0 },
		{ "write", OPTION_TEXT, &s->write, "FILE",
		  "write the queries for dnsperf -B, ask nobody", 0, 0 },
		{ "xdp", OPTION_TEXT, &s->carrier.iface, "IFACE",
		  "over AF_XDP on this interface, not by sockets", 0, 0 },
		{ "generic", OPTION_FLAG, &s->carrier.generic, NULL,
		  "with --xdp: not in the driver", 0, 0 },
		{ "macs", OPTION_TEXT, &s->carrier.macs, "OURS,THEIRS",
		  "with --xdp: Ethernet addresses", 0, 0 },
		{ "local", OPTION_TEXT, &s->local, "ADDR",
		  "with --xdp: address of ours", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}
/* clang-format on */

/* Of all that were given, together; 0 when one of them is gone. */
static int64_t cpu_ns(const struct option_list *pids)
{
	int64_t sum_ns = 0;

	for (size_t i = 0; i < pids->count; i++) {
		struct timespec spent;
		clockid_t clock;

		if (clock_getcpuclockid((pid_t)strtol(pids->items[i], NULL, 10),
					&clock) != 0 ||
		    clock_gettime(clock, &spent) != 0)
			return 0;
		sum_ns += spent.tv_sec * NS_PER_S + spent.tv_nsec;
	}
	return sum_ns;
}

static void send_some(struct load *l, unsigned lane, size_t count,
		      int64_t now_ns)
{
	struct datagram list[CARRIER_BATCH];
	size_t sent;

	if (count > CARRIER_BATCH)
		count = CARRIER_BATCH;
	for (size_t i = 0; i < count; i++)
		list[i] = flight_take(&l->flight, lane, now_ns);
	sent = l->kind->send(l->carrier, list, count);
	flight_untake(&l->flight, lane, count - sent);
}

static void receive_some(struct load *l)
{
	struct datagram list[CARRIER_BATCH];
	size_t count = l->kind->receive(l->carrier, list);
	int64_t now_ns = clock_now_ns();

	for (size_t i = 0; i < count; i++)
		flight_land(&l->flight, &list[i], now_ns);
}

static unsigned next_lane(struct load *l)
{
	unsigned lane = l->lane;

	l->lane = lane + 1 == l->settings->lanes ? 0 : lane + 1;
	return lane;
}

/* Half a window at least, so that the kernel is called for many at once. */
static void fill_window(struct load *l, int64_t now_ns)
{
	unsigned lane = next_lane(l);
	unsigned pending = l->flight.lanes[lane].pending;
	unsigned window = l->settings->window;
	uint64_t left = l->settings->limit - l->flight.sent;

	if (l->settings->limit > 0 && window - pending > left)
		window = pending + (unsigned)left;
	if (pending <= window / 2 && window > pending)
		send_some(l, lane, window - pending, now_ns);
}

static bool is_over(const struct load *l)
{
	const struct flight *f = &l->flight;

	return l->settings->limit > 0 &&
	       f->answered + f->lost >= l->settings->limit;
}

/* Keeps every window full until then, or until the limit is reached. */
static void run_window(struct load *l, int64_t until_ns)
{
	int64_t timeout_ns = l->settings->timeout_ms * (NS_PER_S / 1000);
	int64_t now_ns, expire_ns = clock_now_ns() + timeout_ns;

	while ((now_ns = clock_now_ns()) < until_ns && !is_over(l)) {
		fill_window(l, now_ns);
		receive_some(l);
		if (now_ns >= expire_ns) {
			flight_expire(&l->flight, now_ns - timeout_ns);
			expire_ns = now_ns + timeout_ns / 4;
		}
	}
}

static void run_rate(struct load *l, int64_t until_ns)
{
	int64_t now_ns, begin_ns = clock_now_ns();
	double per_ns = l->settings->rate / (double)NS_PER_S;
	uint64_t sent = 0;

	while ((now_ns = clock_now_ns()) < until_ns) {
		uint64_t due = (uint64_t)((double)(now_ns - begin_ns) * per_ns);
		int64_t late_ns = (int64_t)((double)(due - sent) / per_ns);

		if (late_ns > l->late_ns)
			l->late_ns = late_ns;
		if (due > sent) {
			uint64_t count = due - sent < CARRIER_BATCH
						 ? due - sent
						 : CARRIER_BATCH;

			send_some(l, next_lane(l), count, now_ns);
			sent += count;
		}
		receive_some(l);
	}
}

static void run_for(struct load *l, int64_t ns)
{
	int64_t until_ns = clock_now_ns() + ns;

	if (l->settings->rate > 0)
		run_rate(l, until_ns);
	else
		run_window(l, until_ns);
}

static void drain(struct load *l)
{
	int64_t until_ns = clock_now_ns() + DRAIN_NS;

	while (clock_now_ns() < until_ns)
		receive_some(l);
	flight_expire(&l->flight, INT64_MAX);
}

static void measure(struct load *l)
{
	int64_t begin_ns, cpu_before_ns;

	if (l->settings->limit == 0)
		run_for(l, WARM_UP_NS);
	flight_count_anew(&l->flight);
	l->late_ns = 0;
	cpu_before_ns = cpu_ns(&l->settings->pids);
	begin_ns = clock_now_ns();
	run_for(l, l->settings->milliseconds * (NS_PER_S / 1000));
	l->spent_ns = clock_now_ns() - begin_ns;
	l->cpu_ns = cpu_ns(&l->settings->pids) - cpu_before_ns;
	l->answered = l->flight.answered;
	drain(l);
}

static void print(const struct load *l)
{
	const struct flight *f = &l->flight;
	double answered = l->answered > 0 ? (double)l->answered : 1;

	printf("kind=%s sent=%" PRIu64 " answered=%" PRIu64 " lost=%" PRIu64
	       " wrong=%" PRIu64 " stray=%" PRIu64 " rate=%.0f octets=%.1f "
	       "cpu_us=%.4f busy=%.3f p50_us=%.1f p99_us=%.1f p999_us=%.1f "
	       "late_us=%.0f\n",
	       l->settings->kind, f->sent, f->answered, f->lost, f->wrong,
	       f->stray, answered * (double)NS_PER_S / (double)l->spent_ns,
	       (double)f->octets / (f->answered > 0 ? (double)f->answered : 1),
	       (double)l->cpu_ns / 1e3 / answered,
	       (double)l->cpu_ns / (double)l->spent_ns,
	       latencies_quantile_us(&f->latencies, 0.5),
	       latencies_quantile_us(&f->latencies, 0.99),
	       latencies_quantile_us(&f->latencies, 0.999),
	       (double)l->late_ns / 1e3);
}

/* As over TCP: each after its length. */
static bool write_queries(const struct questions *q, const char *path)
{
	FILE *out = fopen(path, "w");
	bool ok = out != NULL;

	for (size_t i = 0; ok && i < q->count; i++) {
		size_t len;
		const uint8_t *octets = question_at(q, i, &len);

		ok = fputc((int)(len >> 8), out) != EOF &&
		     fputc((int)(len & 0xff), out) != EOF &&
		     fwrite(octets, 1, len, out) == len;
	}
	return out != NULL && fclose(out) == 0 && ok;
}

static bool set_address(const char *text, unsigned port,
			struct sockaddr_storage *out)
{
	struct net_addr addr;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	if (!net_addr_parse(text, &addr))
		return false;
	if (addr.family == NET_V4) {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port) };
		memcpy(&v4->sin_addr, addr.octets, 4);
	} else {
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					     .sin6_port =
						     htons((uint16_t)port) };
		memcpy(&v6->sin6_addr, addr.octets, 16);
	}
	return true;
}

static bool pin(unsigned core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

static bool run(const struct settings *s, const struct questions *q)
{
	struct load l = {
		.settings = s,
		.kind = s->carrier.iface == NULL ? &carrier_sockets
						 : &carrier_xdp,
	};
	bool ok = flight_init(&l.flight, q, s->lanes);

	l.flight.rcode = s->plan.kind->rcode;
	l.flight.echo = s->echo;
	l.carrier = ok ? l.kind->open(&s->carrier) : NULL;
	ok = l.carrier != NULL;
	if (ok) {
		measure(&l);
		print(&l);
	}
	l.kind->free(l.carrier);
	flight_fini(&l.flight);
	return ok;
}

/* What rows alone cannot tell is wrong; NULL when all is well. */
static const char *settle(struct settings *s)
{
	s->plan.kind = s->kind == NULL ? NULL : question_kind_find(s->kind);
	s->plan.hosts = s->hosts;
	s->plan.count = s->count;
	s->plan.seed = s->seed;
	s->carrier.lanes = s->lanes;
	s->carrier.segmented = !s->single;
	if (s->plan.kind == NULL)
		return "no --kind, or none that is known";
	if (!set_address(s->address, s->port, &s->carrier.server))
		return "no such --address";
	if (s->carrier.iface != NULL &&
	    (s->local == NULL || s->carrier.macs == NULL ||
	     !set_address(s->local, 0, &s->carrier.local)))
		return "--xdp needs --local and --macs";
	if (s->core != UINT32_MAX && !pin(s->core))
		return "cannot run on that --core";
	return NULL;
}

int main(int argc, char **argv)
{
	struct settings s = { .plan = { .zone = "gslb.example.com" },
			      .address = "127.0.0.1",
			      .port = 5300,
			      .hosts = 10000,
			      .count = 1000000,
			      .seed = 1,
			      .window = 32,
			      .lanes = 8,
			      .core = UINT32_MAX,
			      .milliseconds = 2000,
			      .timeout_ms = 100 };
	struct option_row rows[32];
	size_t row_count = fill_rows(&s, rows);
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	struct error err = { 0 };
	struct questions q = { 0 };
	int left = option_parse(rows, row_count, argc, argv, operands, &err);
	const char *trouble = left != 0 ? err.text : settle(&s);
	bool ok = trouble == NULL && questions_make(&s.plan, &q) != 0;

	free(operands);
	if (trouble != NULL) {
		fprintf(stderr, "bench_load: %s\n", trouble);
		option_print(rows, row_count, stderr);
	}
	if (ok)
		ok = s.write != NULL ? write_queries(&q, s.write) : run(&s, &q);
	questions_fini(&q);
	return ok ? 0 : 1;
}
