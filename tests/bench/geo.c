/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_geo -- geo databases: milliseconds to load, from the databases and from
 * a cache; octets, of the tables and resident; nanoseconds a lookup, against
 * libmaxminddb's own, and a scope.
 *
 * Instructions: valgrind --tool=callgrind --toggle-collect=time_find (or
 * time_scope), divided by the calls of geo_class_of() (or of geo_scope_in()).
 *
 *   bench_geo [--policy DIR] DATABASE.mmdb ...
 *
 * Without a policy it is one service steered by latency and one set of
 * countries.  The databases take the place of the policy's own.
 *
 * Addresses are drawn from random networks of the databases, so every kind of
 * network counts alike whatever its size.
 */
#include "policy/decide/geo.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/decide/cuts.h"
#include "policy/decide/geo_cache.h"
#include "policy/decide/mmdb.h"
#include "policy/decide/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>

enum { SAMPLES = 1 << 20, ROUNDS = 5, PEER_STRIDE = 8 };

struct sample {
	struct net_addr *addrs;
	uint64_t seen, seed;
	enum net_family family;
	uint64_t position[2]; /* of the walk: high and low half */
	uint32_t nothing;
};

static uint64_t draw(uint64_t *seed)
{
	return hash_mix(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

/* An address inside the network that begins at the walk's position. */
static struct net_addr address_in(struct sample *s, unsigned bits)
{
	struct net_addr addr = { .family = s->family };
	uint64_t at[2] = { s->position[0], s->position[1] };

	if (bits < 64) {
		at[0] |= draw(&s->seed) >> bits;
		at[1] = draw(&s->seed);
	} else if (bits < 128) {
		at[1] |= draw(&s->seed) >> (bits - 64);
	}
	for (unsigned i = 0; i < 16; i++)
		addr.octets[i] = (uint8_t)(at[i / 8] >> (56 - i % 8 * 8));
	if (s->family == NET_V4)
		memset(addr.octets + 4, 0, 12);
	return addr;
}

static void advance(struct sample *s, unsigned bits)
{
	if (bits <= 64 && bits > 0) {
		s->position[0] += UINT64_C(1) << (64 - bits);
		return;
	}
	if (bits == 0)
		return;
	uint64_t step = UINT64_C(1) << (128 - bits);

	s->position[1] += step;
	s->position[0] += s->position[1] < step;
}

/* Reservoir sampling: each covered network equally likely. */
static bool take(void *arg, unsigned bits, const uint32_t *refs)
{
	struct sample *s = arg;

	if (refs[0] != s->nothing) {
		uint64_t at = s->seen++;

		if (at >= SAMPLES)
			at = draw(&s->seed) % s->seen;
		if (at < SAMPLES)
			s->addrs[at] = address_in(s, bits);
	}
	advance(s, bits);
	return true;
}

static struct sample sample_of(const char *path, enum net_family family)
{
	struct error err;
	struct mmdb *db = mmdb_open(path, &err);
	struct walk_sources sources = {
		.databases = { db },
		.count = 1,
		.corrections = cuts_new(),
		.networks = cuts_new(),
	};
	struct sample s = {
		.addrs = calloc(SAMPLES, sizeof(struct net_addr)),
		.seed = 1,
		.family = family,
		.nothing = mmdb_nodes(db),
	};
	size_t damaged;

	cuts_close(sources.corrections);
	cuts_close(sources.networks);
	if (walk_family(&sources, family, take, &s, &damaged) != WALK_DONE)
		fprintf(stderr, "%s: walk failed\n", path);
	if (s.seen > SAMPLES)
		s.seen = SAMPLES;
	/* In no order that follows addresses, as queries come. */
	for (uint64_t i = s.seen; i > 1; i--) {
		uint64_t j = draw(&s.seed) % i;
		struct net_addr swap = s.addrs[i - 1];

		s.addrs[i - 1] = s.addrs[j];
		s.addrs[j] = swap;
	}
	cuts_free(sources.corrections);
	cuts_free(sources.networks);
	mmdb_close(db);
	return s;
}

static __attribute__((noinline)) double time_find(const struct geo *geo,
						  const struct sample *s)
{
	uint64_t sum = 0;
	int64_t begin_ns = clock_now_ns();

	for (uint64_t i = 0; i < s->seen; i++)
		sum += geo_class_of(geo, &s->addrs[i]);
	begin_ns = clock_now_ns() - begin_ns;
	if (sum == 1)
		puts("");
	return (double)begin_ns / (double)s->seen;
}

/* Each lookup waits for the one before: the latency, not the throughput. */
static double time_chained(const struct geo *geo, const struct sample *s)
{
	uint64_t at = 0, count = 0;
	int64_t begin_ns = clock_now_ns();

	for (; count < s->seen; count++)
		at = (at + 1 + (geo_class_of(geo, &s->addrs[at]) & 1)) %
		     s->seen;
	begin_ns = clock_now_ns() - begin_ns;
	if (at == s->seen)
		puts("");
	return (double)begin_ns / (double)s->seen;
}

static __attribute__((noinline)) double time_scope(const struct geo *geo,
						   const struct sample *s,
						   const struct lpm_row *rows)
{
	uint64_t sum = 0;
	int64_t begin_ns = clock_now_ns();

	for (uint64_t i = 0; i < s->seen; i++) {
		const struct net_addr *addr = &s->addrs[i];
		uint16_t row = rows[geo_class_of(geo, addr)].row;

		sum += geo_scope_in(geo, addr, rows, row);
	}
	begin_ns = clock_now_ns() - begin_ns;
	printf("  mean scope /%.2f,", (double)sum / (double)s->seen);
	return (double)begin_ns / (double)s->seen;
}

static double time_peer(const char *path, const struct sample *s)
{
	static const char *const flat[] = { "country_code", NULL };
	static const char *const nested[] = { "country", "iso_code", NULL };
	MMDB_s db;
	uint64_t count = 0, sum = 0;
	int64_t begin_ns;

	if (MMDB_open(path, MMDB_MODE_MMAP, &db) != MMDB_SUCCESS)
		return 0;
	begin_ns = clock_now_ns();
	for (uint64_t i = 0; i < s->seen; i += PEER_STRIDE, count++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		const void *sa =
			s->family == NET_V4 ? (void *)&v4 : (void *)&v6;
		MMDB_lookup_result_s r;
		MMDB_entry_data_s value;
		int status;

		memcpy(&v4.sin_addr, s->addrs[i].octets, 4);
		memcpy(&v6.sin6_addr, s->addrs[i].octets, 16);
		r = MMDB_lookup_sockaddr(&db, sa, &status);
		if (r.found_entry &&
		    (MMDB_aget_value(&r.entry, &value, flat) == 0 ||
		     MMDB_aget_value(&r.entry, &value, nested) == 0))
			sum += value.data_size;
	}
	begin_ns = clock_now_ns() - begin_ns;
	MMDB_close(&db);
	return sum == 0 ? 0 : (double)begin_ns / (double)count;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *times)
{
	qsort(times, ROUNDS, sizeof(*times), by_size);
	return times[ROUNDS / 2];
}

static void bench_lookup(const struct geo *geo, const char *path,
			 const struct sample *s)
{
	double ours[ROUNDS], chained[ROUNDS], peer[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		ours[i] = time_find(geo, s);
		chained[i] = time_chained(geo, s);
		peer[i] = time_peer(path, s);
	}
	printf("IPv%d, %s: find %.1f ns (one after the other %.1f ns), "
	       "libmaxminddb with one value %.0f ns, ratio %.0f\n",
	       (int)s->family, path, median(ours), median(chained),
	       median(peer), median(peer) / median(ours));
}

/* Rows as a nearest-region policy would have them: by the class's place. */
static void bench_scope(const struct geo *geo, const struct sample *s)
{
	size_t count = geo_class_count(geo);
	struct lpm_row *rows = calloc(count, sizeof(*rows));
	static const unsigned splits[] = { 1, 2, 6, 24 };

	for (size_t k = 0; k < 4; k++) {
		double ns;

		for (size_t i = 0; i < count; i++) {
			const struct client_class *c =
				geo_class(geo, (uint16_t)i);

			if (c->located && splits[k] > 1)
				rows[i].row =
					(uint16_t)(1 + (c->longitude + 180) /
							       360 * splits[k]);
			else
				rows[i].row = 0;
		}
		lpm_rows_span(rows, count);
		ns = time_scope(geo, s, rows);
		printf(" %u regions: class and scope %.1f ns\n", splits[k], ns);
	}
	free(rows);
}

static struct policy small_policy(void)
{
	static struct client_term term = { .kind = TERM_UNION, .text = "eea" };
	static struct client_set set = { .name = "eea",
					 .terms = &term,
					 .term_count = 1 };
	static struct policy_service service = { .name = "www",
						 .steer = STEER_LATENCY };

	return (struct policy){
		.sets = &set,
		.set_count = 1,
		.services = &service,
		.service_count = 1,
		.region_count = 12,
	};
}

/* Of this process, 0 when it cannot be told. */
static double resident_mib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return (double)kib / 1024;
}

static void bench_cache(const struct policy *policy, const struct geo *geo,
			const char *path)
{
	struct errors errs = { 0 };
	struct error err;
	struct geo *again;
	int64_t begin_ns;

	if (!geo_keep(geo, path, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return;
	}
	begin_ns = clock_now_ns();
	again = geo_open_cached(policy, path, &errs);
	printf("from the cache in %.1f ms\n",
	       (double)(clock_now_ns() - begin_ns) / 1e6);
	geo_free(again);
	errors_fini(&errs);
	remove(path);
}

static struct geo *open_geo(const struct policy *policy, const char *cache)
{
	struct errors errs = { 0 };
	int64_t begin_ns = clock_now_ns();
	struct geo *geo = geo_open_cached(policy, cache, &errs);

	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (geo != NULL) {
		struct geo_size size = geo_size(geo);

		printf("loaded in %.1f ms: %zu networks, %zu classes, %zu + "
		       "%zu leaves, %.1f MiB, resident %.1f MiB\n",
		       (double)(clock_now_ns() - begin_ns) / 1e6,
		       size.networks_read, geo_class_count(geo), size.leaves_v4,
		       size.leaves_v6, (double)size.octets / (1 << 20),
		       resident_mib());
		bench_cache(policy, geo, cache);
	}
	return geo;
}

static void bench_database(const struct geo *geo, const char *path)
{
	for (int family = NET_V4; family <= NET_V6; family += 2) {
		struct sample s = sample_of(path, (enum net_family)family);

		if (s.seen > 0) {
			bench_lookup(geo, path, &s);
			bench_scope(geo, &s);
		}
		free(s.addrs);
	}
}

int main(int argc, char **argv)
{
	struct policy *loaded = NULL, policy = small_policy();
	struct errors errs = { 0 };
	const char *databases[WALK_DATABASES_MAX];
	size_t count = 0;
	struct geo *geo;
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--policy") == 0) {
		loaded = policy_load(argv[2], &errs);
		errors_print(&errs, stderr);
		errors_fini(&errs);
		if (loaded == NULL)
			return 1;
		policy = *loaded;
		first = 3;
	}
	for (; count < WALK_DATABASES_MAX && first + (int)count < argc; count++)
		databases[count] = argv[first + (int)count];
	policy.geo.databases = databases;
	policy.geo.database_count = count;
	policy.geo.database_at = NULL;
	geo = open_geo(&policy, "bench_geo.cache");
	if (geo == NULL)
		return 1;
	for (size_t i = 0; i < count; i++)
		bench_database(geo, databases[i]);
	geo_free(geo);
	policy_free(loaded);
	return 0;
}
