/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/bus_world.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/memory.h"
#include "policy/bus/redis.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

enum { PATIENCE_S = 15 };

bool world_has_redis(void)
{
	return system("command -v redis-server >/dev/null && "
		      "command -v redis-cli >/dev/null") == 0;
}

void world_init(struct world *w, bool redis)
{
	memset(w, 0, sizeof(*w));
	signal(SIGPIPE, SIG_IGN);
	w->loop = event_base_new();
	assert_non_null(w->loop);
	strcpy(w->env, "test");
	strcpy(w->folder, "/tmp/windrose-bus-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	if (!redis) {
		w->hub = memory_hub_new(w->loop);
		assert_non_null(w->hub);
	}
}

void party_leave(struct party *p)
{
	bus_free(p->bus);
	p->bus = NULL;
}

void world_fini(struct world *w)
{
	char command[128];

	for (size_t i = 0; i < w->party_count; i++)
		party_leave(&w->parties[i]);
	memory_hub_free(w->hub);
	world_kill_server(w);
	event_base_free(w->loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->folder);
	assert_int_equal(system(command), 0);
}

void world_start_server(struct world *w)
{
	char command[2048], config[512] = "";

	assert_int_equal(w->server, 0);
	/* But for where it keeps its files, which is here. */
	if (w->config != NULL)
		snprintf(config, sizeof(config),
			 "sed '/^dir /d' \"$SRCDIR\"/contrib/redis/%s "
			 ">example.conf && ",
			 w->config);
	snprintf(command, sizeof(command),
		 "SRCDIR=$(cd \"$SRCDIR\" && pwd); cd '%s' && %s"
		 "exec redis-server %s --port %d --bind 127.0.0.1 "
		 "--unixsocket '%s/redis' --save '' --appendonly no "
		 "--daemonize no %s >>server.out 2>&1",
		 w->folder, config, w->config == NULL ? "" : "example.conf",
		 w->tls ? 0 : w->tcp_port, w->folder,
		 w->extra == NULL ? "" : w->extra);
	w->server = fork();
	assert_true(w->server >= 0);
	if (w->server == 0) {
		/* A test that fails leaves nothing running. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

void world_kill_server(struct world *w)
{
	if (w->server == 0)
		return;
	kill(w->server, SIGKILL);
	waitpid(w->server, NULL, 0);
	w->server = 0;
}

void world_cli(struct world *w, const char *words, char *out, size_t size)
{
	char command[2048];
	FILE *pipe;
	size_t len;

	snprintf(command, sizeof(command), "redis-cli -s '%s/redis' %s 2>&1",
		 w->folder, words);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	len = fread(out, 1, size - 1, pipe);
	out[len] = '\0';
	pclose(pipe);
}

void world_order(struct world *w, const char *words)
{
	char out[512];

	world_cli(w, words, out, sizeof(out));
	if (strstr(out, "ERR") != NULL || strstr(out, "Could not") != NULL)
		fail_msg("redis-cli %s: %s", words, out);
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct party *p = arg;
	struct heard *h = p->heard;

	if (topic == BUS_REQUESTS && p->answers) {
		char answer[220];

		snprintf(answer, sizeof(answer), "re: %.*s", (int)len,
			 (const char *)octets);
		bus_answer(p->bus, key, answer, strlen(answer));
	}
	while (h < p->heard + p->heard_count &&
	       (h->topic != topic || strcmp(h->key, key) != 0))
		h++;
	if (h == p->heard + p->heard_count)
		p->heard_count++;
	assert_true(p->heard_count <= HEARD_MAX);
	h->topic = topic;
	strcpy(h->key, key);
	snprintf(h->octets, sizeof(h->octets), "%.*s", (int)len,
		 (const char *)octets);
	h->len = len;
	h->times++;
}

static void on_synced(void *arg)
{
	((struct party *)arg)->synced++;
}

static void on_link(void *arg, bool up)
{
	struct party *p = arg;

	if (up)
		p->ups++;
	else
		p->downs++;
}

static struct bus *redis_party(struct world *w)
{
	struct redis_config config;
	struct error err = { 0 };
	struct bus *bus;
	char url[512];

	if (w->tcp_port == 0)
		snprintf(url, sizeof(url), "redis+unix://%s/redis?env=%s",
			 w->folder, w->env);
	else
		snprintf(url, sizeof(url), "%s://%s%s%s:%d/%s%s",
			 w->tls ? "rediss" : "redis", w->user,
			 w->user[0] == '\0' ? "" : "@",
			 w->host == NULL ? "127.0.0.1" : w->host, w->tcp_port,
			 w->env, w->query == NULL ? "" : w->query);
	config.url = w->url == NULL ? url : w->url;
	bus = redis_bus_new(w->loop, &config, &err);
	if (bus == NULL)
		fail_msg("%s: %s", config.url, err.text);
	return bus;
}

struct party *world_party(struct world *w, unsigned follow_topics)
{
	struct party *p = &w->parties[w->party_count++];
	struct bus_follower follower = {
		.topics = follow_topics,
		.on_value = on_value,
		.on_synced = on_synced,
		.on_link = on_link,
		.arg = p,
	};

	assert_true(w->party_count <= PARTIES_MAX);
	p->world = w;
	p->bus = w->hub != NULL ? memory_bus_new(w->hub) : redis_party(w);
	assert_non_null(p->bus);
	/* Links are told to followers only, so everybody follows. */
	bus_follow(p->bus, &follower);
	return p;
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	((struct world *)arg)->late = true;
}

void world_until(struct world *w, bool (*done)(void *arg), void *arg,
		 const char *what)
{
	struct timeval patience = { PATIENCE_S, 0 };
	struct event *deadline = evtimer_new(w->loop, on_late, w);

	w->late = false;
	evtimer_add(deadline, &patience);
	while (!w->late && !done(arg))
		event_base_loop(w->loop, EVLOOP_ONCE);
	event_free(deadline);
	if (w->late)
		fail_msg("waited %d s in vain: %s", PATIENCE_S, what);
}

static bool is_up(void *arg)
{
	return bus_is_up(((struct party *)arg)->bus);
}

void party_until_up(struct party *p)
{
	world_until(p->world, is_up, p, "the bus is up");
}

static bool is_down(void *arg)
{
	return !bus_is_up(((struct party *)arg)->bus);
}

void party_until_down(struct party *p)
{
	world_until(p->world, is_down, p, "the bus is down");
}

/* A turn of waiting for one more than there was. */
struct more {
	const unsigned *now;
	unsigned before;
};

static bool is_more(void *arg)
{
	const struct more *m = arg;

	return *m->now > m->before;
}

void party_until_synced(struct party *p)
{
	struct more m = { &p->synced, 0 };

	world_until(p->world, is_more, &m, "synced");
}

struct expectation {
	struct party *p;
	enum bus_topic topic;
	const char *key, *octets;
};

static bool is_heard(void *arg)
{
	const struct expectation *e = arg;
	const struct heard *h = party_heard(e->p, e->topic, e->key);

	return h != NULL && strcmp(h->octets, e->octets) == 0;
}

const struct heard *party_heard(const struct party *p, enum bus_topic topic,
				const char *key)
{
	for (size_t i = 0; i < p->heard_count; i++)
		if (p->heard[i].topic == topic &&
		    strcmp(p->heard[i].key, key) == 0)
			return &p->heard[i];
	return NULL;
}

void party_until_heard(struct party *p, enum bus_topic topic, const char *key,
		       const char *octets)
{
	struct expectation e = { p, topic, key, octets };

	world_until(p->world, is_heard, &e, octets);
}

static void on_lease(void *arg, uint64_t epoch)
{
	struct party *p = arg;

	p->epoch = epoch;
	p->leases++;
}

uint64_t party_lease(struct party *p, const char *holder, int64_t ttl_ms,
		     uint64_t at_least)
{
	struct more m = { &p->leases, p->leases };

	bus_lease(p->bus, holder, ttl_ms, at_least, on_lease, p);
	/* Never inside the call. */
	assert_int_equal(p->leases, m.before);
	world_until(p->world, is_more, &m, "lease");
	return p->epoch;
}

static void on_commit(void *arg, enum bus_commit result)
{
	struct party *p = arg;

	p->commit = result;
	p->commits++;
}

enum bus_commit party_commit_from(struct party *p, struct bus_place base,
				  struct bus_place at, const char *octets)
{
	struct more m = { &p->commits, p->commits };

	bus_commit_plan(p->bus, at, base, octets, strlen(octets), on_commit, p);
	assert_int_equal(p->commits, m.before);
	world_until(p->world, is_more, &m, "commit");
	return p->commit;
}

enum bus_commit party_commit(struct party *p, uint64_t epoch, uint64_t sequence,
			     const char *octets)
{
	return party_commit_from(p,
				 (struct bus_place){ epoch,
						     (UINT64_C(1) << 53) - 1 },
				 (struct bus_place){ epoch, sequence }, octets);
}

static void on_reply(void *arg, const void *octets, size_t len)
{
	struct party *p = arg;

	p->replies++;
	if (octets == NULL)
		strcpy(p->reply, "NULL");
	else
		snprintf(p->reply, sizeof(p->reply), "%.*s", (int)len,
			 (const char *)octets);
}

const char *party_request(struct party *p, const char *id, const char *octets,
			  int64_t timeout_ms)
{
	struct more m = { &p->replies, p->replies };

	bus_request(p->bus, id, octets, strlen(octets), timeout_ms, on_reply,
		    p);
	assert_int_equal(p->replies, m.before);
	world_until(p->world, is_more, &m, "reply");
	assert_int_equal(p->replies, m.before + 1);
	return p->reply;
}

void scenario_on_redis(void **state)
{
	const struct scenario *s = *state;
	struct world w;

	if (!world_has_redis())
		skip();
	world_init(&w, true);
	world_start_server(&w);
	s->run(&w);
	world_fini(&w);
}
