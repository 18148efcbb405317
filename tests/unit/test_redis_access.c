/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis: passwords, and the users of contrib/redis/users.acl: each can do its
 * own, and nobody else's.
 */
#include "tests/unit/bus_world.h"

#include "policy/base/error.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_url.h"

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

/* clang-format off */
static const struct url_row {
	const char *text;
	const char *error; /* NULL: fine */
	const char *host, *path, *user, *password, *env;
	unsigned port;
} urls[] = {
	{ "redis://localhost", NULL, "localhost", "", "", "", "default", 6379 },
	{ "redis://h:1/", NULL, "h", "", "", "", "default", 1 },
	{ "redis://h:65535/prod.eu_1-a", NULL, "h", "", "", "", "prod.eu_1-a", 65535 },
	{ "redis://dns:p%40ss%3a%2F@h/x", NULL, "h", "", "dns", "p@ss:/", "x", 6379 },
	{ "redis://:secret@h", NULL, "h", "", "", "secret", "default", 6379 },
	{ "redis://u:a@b@h", NULL, "h", "", "u", "a@b", "default", 6379 },
	{ "redis://[::1]:7000/x", NULL, "::1", "", "", "", "x", 7000 },
	{ "redis://[2001:db8::1]", NULL, "2001:db8::1", "", "", "", "default", 6379 },
	{ "redis+unix:///run/r%20s", NULL, "", "/run/r s", "", "", "default", 0 },
	{ "redis+unix:///run/redis?env=x", NULL, "", "/run/redis", "", "", "x", 0 },
	{ "rediss://u:p,q@h/x", NULL, "h", "", "u", "p,q", "x", 6379 },
	{ "redis+sentinel://u:p@s/mymaster", NULL, "s", "", "u", "p", "default", 26379 },
	{ "redis+sentinel://s:1/m/x", NULL, "s", "", "", "", "x", 1 },
	{ "http://h", "begins with none", "", "", "", "", "", 0 },
	{ "", "begins with none", "", "", "", "", "", 0 },
	{ "redis", "begins with none", "", "", "", "", "", 0 },
	{ "redis://", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://:6379", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h:", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h:0", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h:65536", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h:+1", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://[::1", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://[::1]x", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h%00x", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h%4", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://h,", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://,h", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "at most 16", "", "", "", "", "", 0 },
	{ "redis://user@h", "USER:PASSWORD", "", "", "", "", "", 0 },
	{ "redis://user:@h", "USER:PASSWORD", "", "", "", "", "", 0 },
	{ "redis://h/a b", "environment", "", "", "", "", "", 0 },
	{ "redis://h/a/b", "environment", "", "", "", "", "", 0 },
	{ "redis://h#x", "environment", "", "", "", "", "", 0 },
	{ "redis+sentinel://h#x", "after the sentinels", "", "", "", "", "", 0 },
	{ "redis://h/{x}", "environment", "", "", "", "", "", 0 },
	{ "redis://h/012345678901234567890123456789012", "environment", "", "", "", "", "", 0 },
	{ "redis+unix://run/redis", "absolute path", "", "", "", "", "", 0 },
	{ "redis+unix:///run/redis?db=1", "may stand once", "", "", "", "", "", 0 },
	{ "redis+unix:///run/redis?env=", "environment", "", "", "", "", "", 0 },
	{ "redis://u:s3cr3t/x@h", "HOST[:PORT]", "", "", "", "", "", 0 },
	{ "redis+sentinel://s", "after the sentinels", "", "", "", "", "", 0 },
	{ "redis+sentinel://s/", "after the sentinels", "", "", "", "", "", 0 },
	{ "redis+sentinel://s//x", "after the sentinels", "", "", "", "", "", 0 },
	{ "redis+sentinel://s/m/a/b", "environment", "", "", "", "", "", 0 },
	{ "redis://h?read=", "neither master nor replica", "", "", "", "", "", 0 },
	{ "redis://h?read", "may stand once", "", "", "", "", "", 0 },
	{ "redis://h?", "may stand once", "", "", "", "", "", 0 },
	{ "redis://h?read=master&", "may stand once", "", "", "", "", "", 0 },
	{ "redis://h?read=master&read=replica", "may stand once", "", "", "", "", "", 0 },
	{ "redis://h?env=x", "after the host", "", "", "", "", "", 0 },
	{ "redis://h?ca=/x", "rediss://", "", "", "", "", "", 0 },
	{ "rediss://h?ca=", "file's name", "", "", "", "", "", 0 },
	{ "rediss://h?ca=%zz", "file's name", "", "", "", "", "", 0 },
	{ "rediss://h?cert=/c", "go together", "", "", "", "", "", 0 },
	{ "rediss://h?key=/k", "go together", "", "", "", "", "", 0 },
	{ "redis://h?sentinel=u:s3cr3t", "redis+sentinel://", "", "", "", "", "", 0 },
	{ "redis+sentinel://h/m?sentinel=s3cr3t", "USER:PASSWORD", "", "", "", "", "", 0 },
};

static const struct error_row {
	const char *text, *code;
	bool ends_link;
} errors[] = {
	{ "WRONGPASS invalid username-password pair", "WRONGPASS", true },
	{ "NOAUTH Authentication required.", "NOAUTH", true },
	{ "NOPERM this user has no permissions", "NOPERM", false },
	{ "OOM command not allowed when used memory > 'maxmemory'.", "OOM", false },
	{ "ERR Error running script (call to f_12): @user_script:1: -OOM command not allowed", "OOM", false },
	{ "LOADING Redis is loading the dataset in memory", "LOADING", true },
	{ "READONLY You can't write against a read only replica.", "READONLY", true },
	{ "MOVED 3999 127.0.0.1:6381", "MOVED", true },
	{ "ASK 3999 127.0.0.1:6381", "ASK", false },
	{ "TRYAGAIN Multiple keys request during rehashing", "TRYAGAIN", false },
	{ "CLUSTERDOWN The cluster is down", "CLUSTERDOWN", true },
	{ "MASTERDOWN Link with MASTER is down", "MASTERDOWN", true },
	{ "ERR max number of clients reached", "MAXCLIENTS", true },
	{ "WRONGTYPE Operation against a key", "WRONGTYPE", false },
	{ "OOMPH", "ERR", false },
	{ "", "ERR", false },
};
/* clang-format on */

static void test_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct url_row *row = &urls[i];
		struct error err = { 0 };
		struct redis_url url;
		bool ok = redis_url_parse(row->text, &url, &err);

		if (ok != (row->error == NULL))
			fail_msg("%s: %s", row->text, err.text);
		if (!ok && strstr(err.text, row->error) == NULL)
			fail_msg("%s: \"%s\"", row->text, err.text);
		if (!ok) {
			assert_null(strstr(err.text, "s3cr3t"));
			continue;
		}
		assert_string_equal(url.places[0].host, row->host);
		assert_string_equal(url.path, row->path);
		assert_string_equal(url.login.user, row->user);
		assert_string_equal(url.login.password, row->password);
		assert_string_equal(url.env, row->env);
		assert_int_equal(url.login.has_password,
				 row->password[0] != '\0');
		if (row->port != 0)
			assert_int_equal(url.places[0].port, row->port);
	}
}

static void test_all_of_a_url(void **state)
{
	static const char text[] =
		"rediss+sentinel://u:p@a,[::1]:7,b:8/my.master/prod"
		"?ca=/etc/a%26b.pem&cert=c&key=k&read=replica&sentinel=:s%3ap";
	struct error err = { 0 };
	struct redis_url url;

	(void)state;
	if (!redis_url_parse(text, &url, &err))
		fail_msg("%s", err.text);
	assert_int_equal(url.place_count, 3);
	assert_string_equal(url.places[0].host, "a");
	assert_int_equal(url.places[0].port, 26379);
	assert_string_equal(url.places[1].host, "::1");
	assert_int_equal(url.places[1].port, 7);
	assert_string_equal(url.places[2].host, "b");
	assert_int_equal(url.places[2].port, 8);
	assert_true(url.tls && url.from_replica);
	assert_string_equal(url.master, "my.master");
	assert_string_equal(url.env, "prod");
	assert_string_equal(url.ca, "/etc/a&b.pem");
	assert_string_equal(url.cert, "c");
	assert_string_equal(url.key, "k");
	assert_true(url.sentinel.has_password);
	assert_string_equal(url.sentinel.user, "");
	assert_string_equal(url.sentinel.password, "s:p");
}

static const struct moved_row {
	const char *text;
	const char *host; /* NULL: it sends nobody anywhere */
	unsigned port;
} moved[] = {
	{ "MOVED 3999 127.0.0.1:6381", "127.0.0.1", 6381 },
	{ "MOVED 3999 :6381", "asked", 6381 },
	{ "MOVED 3999 2001:db8::1:6381", "2001:db8::1", 6381 },
	{ "MOVED 3999 redis.example.net:1", "redis.example.net", 1 },
	{ "MOVED 3999 ?:6381", NULL, 0 },
	{ "MOVED 3999 h:0", NULL, 0 },
	{ "MOVED 3999 h:65536", NULL, 0 },
	{ "MOVED 3999 h:-1", NULL, 0 },
	{ "MOVED 3999 h:1x", NULL, 0 },
	{ "MOVED 3999 h:", NULL, 0 },
	{ "MOVED 3999 h", NULL, 0 },
	{ "MOVED 3999:1", NULL, 0 },
	{ "MOVED ", NULL, 0 },
	{ "ASK 3999 127.0.0.1:6381", NULL, 0 },
};

static void test_moved(void **state)
{
	const struct redis_place asked = { "asked", 7 };
	char text[2 * REDIS_TEXT_SIZE] = "MOVED 3999 ";
	struct redis_place to;

	(void)state;
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		bool ok = redis_error_place(moved[i].text, &asked, &to);

		if (ok != (moved[i].host != NULL))
			fail_msg("%s", moved[i].text);
		if (!ok)
			continue;
		assert_string_equal(to.host, moved[i].host);
		assert_int_equal(to.port, moved[i].port);
	}
	memset(text + strlen(text), 'h', REDIS_TEXT_SIZE);
	strcat(text, ":1");
	assert_false(redis_error_place(text, &asked, &to));
}

static void test_error_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct redis_error *e = redis_error_of(errors[i].text);

		if (strcmp(e->code, errors[i].code) != 0 ||
		    e->ends_link != errors[i].ends_link)
			fail_msg("%s: %s", errors[i].text, e->code);
	}
}

/* A port that nobody listens on just now. */
static int free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* config: a file of contrib/redis, which is an example that works; or NULL. */
static void start_world(struct world *w, const char *config, const char *extra)
{
	world_init(w, true);
	w->config = config;
	w->tcp_port = free_port();
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
	health = party_as(&w, "health-eu", 0);
	steer = party_as(&w, "steer",
			 BUS_PLAN | BUS_REPORTS | BUS_NODES | BUS_REQUESTS);
	edge = party_as(&w, "edge", BUS_PLAN);
	operator= party_as(&w, "operator", BUS_PLAN | BUS_REPORTS | BUS_NODES);
	party_until_synced(dns);
	party_until_synced(steer);
	party_until_synced(edge);
	party_until_synced(operator);
	party_until_up(health);
	before = errors_of_all(&w); /* connecting took some tries */
	check_own_rights(dns, health, steer, edge, operator);
	world_until(&w, audit_is_there, &w, "the audit entry");
	assert_int_equal(errors_of_all(&w), before);

	/* A prober: not another's report, no lease, no plan. */
	refused_put(health, BUS_REPORTS, "us");
	refused_put(health, BUS_NODES, "dns-1");
	assert_int_equal(party_lease(health, "health", 60000, 0), 0);
	assert_int_equal(party_commit(health, 1, 2, "forged"), BUS_DOWN);
	/* A responder or an edge: no report, no plan. */
	refused_put(dns, BUS_REPORTS, "eu");
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
		w.tcp_port = free_port();
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
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_all_of_a_url),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_error_words),
		cmocka_unit_test(test_names_and_both_families),
		cmocka_unit_test(test_a_name_that_is_not_found),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_each_user_its_own),
		cmocka_unit_test(test_not_a_redis_server),
	};

	return cmocka_run_group_tests_name("redis access", tests, NULL, NULL);
}
