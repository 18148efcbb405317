/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis: passwords, and the users of contrib/redis/users.acl: each can do its
 * own, and nobody else's.
 */
#include "policy/base/error.h"
#include "policy/bus/redis.h"
#include "tests/unit/bus_world.h"
#include "tests/unit/spare_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

/* config: a file of contrib/redis, which is an example that works; or NULL. */
static void start_world(struct world *w, const char *config, const char *extra)
{
	world_init(w, true);
	w->config = config;
	w->tcp_port = spare_port();
	w->extra = extra;
	strcpy(w->env, "default");
	world_start_server(w);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool ok = fd >= 0 &&
		  bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return ok;
}

static void reach(const char *bind_to, const char *host)
{
	char extra[64];
	struct world w;

	/* The last --bind counts. */
	snprintf(extra, sizeof(extra), "--bind %s", bind_to);
	start_world(&w, NULL, extra);
	w.host = host;
	party_until_synced(world_party(&w, BUS_PLAN));
	world_fini(&w);
}

static void test_names_and_both_families(void **state)
{
	(void)state;
	if (!world_has_redis())
		skip();
	reach("127.0.0.1", "localhost");
	if (has_ipv6())
		reach("::1", "[::1]");
}

static bool has_errors(void *arg)
{
	return bus_counters(((struct party *)arg)->bus).errors >= 2;
}

static void test_a_name_that_is_not_found(void **state)
{
	struct world w;
	struct party *p;

	(void)state;
	world_init(&w, true);
	w.tcp_port = 1;
	/* RFC 6761, 6.4: it exists nowhere. */
	w.host = "redis.invalid";
	p = world_party(&w, BUS_PLAN);
	world_until(&w, has_errors, p, "not found");
	assert_int_equal(party_lease(p, "p", 1000, 0), 0);
	/* Most likely in the middle of another try. */
	world_fini(&w);
}

static void test_wrong_password(void **state)
{
	struct world w;
	struct party *none, *wrong, *right;

	(void)state;
	if (!world_has_redis())
		skip();
	start_world(&w, NULL, "--requirepass 'p@ss'");
	none = world_party(&w, BUS_PLAN);
	strcpy(w.user, ":wrong");
	wrong = world_party(&w, BUS_PLAN);
	strcpy(w.user, ":p%40ss");
	right = world_party(&w, BUS_PLAN);
	party_until_synced(right);
	world_until(&w, has_errors, none, "refused");
	world_until(&w, has_errors, wrong, "refused");
	assert_int_equal(none->ups, 0);
	assert_int_equal(wrong->ups, 0);
	assert_int_equal(party_lease(wrong, "a", 60000, 0), 0);
	assert_int_equal(party_lease(right, "a", 60000, 0), 1);
	world_fini(&w);
}

static void write_password(const struct world *w, const char *octets)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/password", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(octets, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static bool is_up_again(void *arg)
{
	const struct party *p = arg;

	return p->ups == 2 && bus_is_up(p->bus);
}

/* Read again for each connection; what cannot be read stays as it was. */
static void test_a_password_in_a_file(void **state)
{
	char query[160], path[128];
	struct party *p, *kept;
	struct world w;

	(void)state;
	if (!world_has_redis())
		skip();
	start_world(&w, NULL, "--requirepass old");
	snprintf(path, sizeof(path), "%s/password", w.folder);
	snprintf(query, sizeof(query), "?password=%s", path);
	w.query = query;
	write_password(&w, "old\n");
	p = world_party(&w, BUS_PLAN);
	party_until_synced(p);

	write_password(&w, "new\r\nsecond line");
	world_order(&w, "-a old --no-auth-warning CONFIG SET requirepass new");
	world_order(&w, "-a new --no-auth-warning CLIENT KILL SKIPME yes");
	world_until(&w, is_up_again, p, "the new password");

	kept = world_party(&w, BUS_PLAN);
	party_until_synced(kept);
	assert_int_equal(unlink(path), 0);
	world_order(&w, "-a new --no-auth-warning CLIENT KILL SKIPME yes");
	world_until(&w, is_up_again, kept, "the password that was read before");
	world_fini(&w);
}

static void test_no_password_in_a_file(void **state)
{
	char longest[300] = "s3cr3t";
	const struct {
		const char *octets; /* NULL: there is no file */
		const char *error;
	} rows[] = {
		{ NULL, "No such file" },
		{ "", "no password of 1 to 255" },
		{ "\ns3cr3t\n", "no password of 1 to 255" },
		{ longest, "no password of 1 to 255" },
	};
	struct world w;

	(void)state;
	memset(longest + 6, 'x', 256 - 6);
	world_init(&w, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char url[160];
		struct redis_config config = { .url = url };
		struct error err = { 0 };

		snprintf(url, sizeof(url), "redis://u@h?password=%s/password",
			 w.folder);
		if (rows[i].octets != NULL)
			write_password(&w, rows[i].octets);
		assert_null(redis_bus_new(w.loop, &config, &err));
		assert_non_null(strstr(err.text, rows[i].error));
		assert_non_null(strstr(err.text, "/password"));
		assert_null(strstr(err.text, "s3cr3t"));
	}
	world_fini(&w);
}

static struct party *party_as(struct world *w, const char *user,
			      unsigned topics)
{
	snprintf(w->user, sizeof(w->user), "%s:change-me-%s", user, user);
	return world_party(w, topics);
}

static void put(struct party *p, enum bus_topic topic, const char *key,
		const char *octets)
{
	bus_put(p->bus, topic, key, octets, strlen(octets), 60000);
}

static void cli_as(struct world *w, const char *user, const char *words,
		   char *out, size_t size)
{
	char all[512];

	snprintf(all, sizeof(all),
		 "--user %s -a change-me-%s --no-auth-warning %s", user, user,
		 words);
	world_cli(w, all, out, size);
}

static bool audit_is_there(void *arg)
{
	char out[512];

	cli_as(arg, "operator", "XRANGE 'windrose:{default}:audit' - +", out,
	       sizeof(out));
	return strstr(out, "entry\n{}\n") != NULL;
}

static uint64_t errors_of_all(const struct world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->party_count; i++)
		sum += bus_counters(w->parties[i].bus).errors;
	return sum;
}

struct awaited_bundle {
	struct party *p;
	const char *digest;
};

/* There is no notice of it: it is asked for until it is there. */
static bool has_bundle(void *arg)
{
	struct awaited_bundle *b = arg;

	bus_fetch(b->p->bus, b->digest);
	return party_heard(b->p, BUS_BUNDLES, b->digest) != NULL;
}

static void party_until_bundle(struct party *p, const char *digest)
{
	struct awaited_bundle b = { p, digest };

	world_until(p->world, has_bundle, &b, digest);
}

static void check_own_rights(struct party *dns, struct party *health,
			     struct party *steer, struct party *edge,
			     struct party *operator)
{
	put(health, BUS_REPORTS, "eu", "report");
	put(health, BUS_NODES, "health-eu", "node");
	put(dns, BUS_NODES, "dns-1", "node");
	put(edge, BUS_NODES, "edge-1", "node");
	party_until_heard(dns, BUS_REPORTS, "eu", "report");
	party_until_heard(steer, BUS_REPORTS, "eu", "report");
	party_until_heard(operator, BUS_NODES, "health-eu", "node");
	party_until_heard(operator, BUS_NODES, "dns-1", "node");
	party_until_heard(operator, BUS_NODES, "edge-1", "node");
	put(edge, BUS_SERVED, "edge-1", "counts");
	party_until_heard(health, BUS_SERVED, "edge-1", "counts");
	party_until_heard(steer, BUS_SERVED, "edge-1", "counts");
	party_until_heard(operator, BUS_SERVED, "edge-1", "counts");
	put(operator, BUS_BUNDLES, "digest", "files");
	put(steer, BUS_BUNDLES, "another", "files");
	party_until_bundle(dns, "digest");
	party_until_bundle(steer, "digest");
	party_until_bundle(dns, "another");
	party_until_bundle(health, "another");
	assert_int_equal(party_lease(steer, "steer", 60000, 0), 1);
	assert_int_equal(party_commit(steer, 1, 1, "plan"), BUS_COMMITTED);
	party_until_heard(dns, BUS_PLAN, "", "plan");
	party_until_heard(edge, BUS_PLAN, "", "plan");
	party_until_heard(operator, BUS_PLAN, "", "plan");
	steer->answers = true;
	assert_string_equal(party_request(operator, "id", "drain", 10000),
			    "re: drain");
	bus_append_audit(steer->bus, "{}", 2);
	/* Expires: readers take its id out of the set. */
	bus_put(health->bus, BUS_NODES, "health-eu", "x", 1, 1);
	put(dns, BUS_NODES, "dns-1", "node again");
	party_until_heard(operator, BUS_NODES, "dns-1", "node again");
}

/* Something was refused to this one since errors were counted. */
struct refusal {
	struct party *p;
	uint64_t before;
};

static bool is_refused(void *arg)
{
	const struct refusal *r = arg;

	return bus_counters(r->p->bus).errors > r->before;
}

static void refused_put(struct party *p, enum bus_topic topic, const char *key)
{
	struct refusal r = { p, bus_counters(p->bus).errors };

	put(p, topic, key, "forged");
	world_until(p->world, is_refused, &r, key);
}

static void test_each_user_its_own(void **state)
{
	char extra[512], out[512];
	uint64_t before;
	struct world w;
	struct party *dns, *health, *steer, *edge, *operator;

	(void)state;
	if (!world_has_redis())
		skip();
	snprintf(extra, sizeof(extra), "--aclfile '%s/contrib/redis/users.acl'",
		 getenv("SRCDIR"));
	start_world(&w, "redis.conf", extra);
	dns = party_as(&w, "dns", BUS_PLAN | BUS_REPORTS);
	health = party_as(&w, "health-eu", BUS_SERVED);
	steer = party_as(&w, "steer",
			 BUS_PLAN | BUS_REPORTS | BUS_NODES | BUS_REQUESTS |
				 BUS_SERVED);
	edge = party_as(&w, "edge", BUS_PLAN);
	operator= party_as(&w, "operator",
			   BUS_PLAN | BUS_REPORTS | BUS_NODES | BUS_SERVED);
	party_until_synced(dns);
	party_until_synced(steer);
	party_until_synced(edge);
	party_until_synced(operator);
	party_until_synced(health);
	before = errors_of_all(&w); /* connecting took some tries */
	check_own_rights(dns, health, steer, edge, operator);
	world_until(&w, audit_is_there, &w, "the audit entry");
	assert_int_equal(errors_of_all(&w), before);

	/* A prober: not another's report, no lease, no plan. */
	refused_put(health, BUS_REPORTS, "us");
	refused_put(health, BUS_NODES, "dns-1");
	refused_put(health, BUS_SERVED, "edge-1");
	assert_int_equal(party_lease(health, "health", 60000, 0), 0);
	assert_int_equal(party_commit(health, 1, 2, "forged"), BUS_DOWN);
	/* A responder or an edge: no report, no plan. */
	refused_put(dns, BUS_REPORTS, "eu");
	refused_put(dns, BUS_SERVED, "edge-1");
	refused_put(dns, BUS_BUNDLES, "digest");
	refused_put(health, BUS_BUNDLES, "digest");
	assert_int_equal(party_commit(dns, 1, 2, "forged"), BUS_DOWN);
	assert_int_equal(party_lease(edge, "edge", 60000, 0), 0);
	/* An operator asks the agent, and writes nothing. */
	refused_put(operator, BUS_NODES, "dns-1");
	assert_int_equal(party_commit(operator, 1, 2, "forged"), BUS_DOWN);
	assert_true(bus_is_up(health->bus) && bus_is_up(operator->bus));
	cli_as(&w, "steer", "GET 'windrose:{default}:plan'", out, sizeof(out));
	assert_string_equal(out, "plan\n");
	world_cli(&w, "PING", out, sizeof(out));
	assert_non_null(strstr(out, "NOAUTH"));
	world_fini(&w);
}

/* A server that speaks something else. */
static void speak_nonsense(struct evconnlistener *listener, evutil_socket_t fd,
			   struct sockaddr *from, int from_len, void *arg)
{
	const char *const *words = arg;
	struct bufferevent *b =
		bufferevent_socket_new(evconnlistener_get_base(listener), fd,
				       0);

	(void)from, (void)from_len;
	/* Written at once and then left open: who connects must give up. */
	assert_true(write(fd, *words, strlen(*words)) >= 0);
	bufferevent_free(b);
}

static void test_not_a_redis_server(void **state)
{
	static const char *const sayings[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\ny\r\n",
		"+PONG\r\n+PONG\r\n+PONG\r\n",
		"*100000\r\n",
		"$-1\r\n*-1\r\n:5\r\n",
		"-\r\n",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		struct sockaddr_in address = {
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		struct evconnlistener *listener;
		struct party *p;
		struct world w;

		world_init(&w, true);
		w.tcp_port = spare_port();
		address.sin_port = htons((uint16_t)w.tcp_port);
		listener = evconnlistener_new_bind(
			w.loop, speak_nonsense, (void *)(uintptr_t)&sayings[i],
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 8,
			(struct sockaddr *)&address, sizeof(address));
		assert_non_null(listener);
		p = world_party(&w, BUS_PLAN | BUS_REQUESTS);
		world_until(&w, has_errors, p, sayings[i]);
		assert_int_equal(p->synced, 0);
		assert_int_equal(party_lease(p, "p", 1000, 0), 0);
		assert_int_equal(p->heard_count, 0);
		evconnlistener_free(listener);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_both_families),
		cmocka_unit_test(test_a_name_that_is_not_found),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_a_password_in_a_file),
		cmocka_unit_test(test_no_password_in_a_file),
		cmocka_unit_test(test_each_user_its_own),
		cmocka_unit_test(test_not_a_redis_server),
	};

	return cmocka_run_group_tests_name("redis access", tests, NULL, NULL);
}
