/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_tls: a real server with contrib/redis/tls.conf, reached or refused,
 * and what the log tells an operator then.
 */
#include "tests/unit/bus_world.h"
#include "tests/unit/spare_port.h"

#include "policy/base/error.h"
#include "policy/bus/redis.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

/* One folder of keys and certificates for all tests. */
struct papers {
	char folder[64];
	char log[96]; /* what the programs log, while it is caught */
	int stderr_fd;
};

/* Certificates: NAME, signed by which CA, its names, its days, its use. */
static const char *const make_papers =
	"set -e; cd '%s'; exec 2>/dev/null\n"
	"authority() {\n"
	"  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
	" -nodes -keyout $1.key -out $1.crt -days 2 -subj /CN=$1\n"
	"}\n"
	"paper() {\n"
	"  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
	" -keyout $1.key -out $1.csr -subj /CN=$1\n"
	"  printf 'subjectAltName=%%s\\nextendedKeyUsage=%%s\\n' $3 $5 >$1.ext\n"
	"  openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key"
	" -CAcreateserial -out $1.crt -days $4 -extfile $1.ext\n"
	"}\n"
	"authority ca; authority other\n"
	"paper server ca DNS:localhost,IP:127.0.0.1 2 serverAuth,clientAuth\n"
	"paper elsewhere ca DNS:redis.example.net,IP:192.0.2.1 2 serverAuth\n"
	"paper expired ca DNS:localhost,IP:127.0.0.1 -1 serverAuth\n"
	"paper client ca DNS:client 2 clientAuth\n"
	"paper stranger other DNS:client 2 clientAuth\n"
	"openssl genpkey -algorithm ed25519 -aes256 -pass pass:x"
	" -out locked.key\n";

static int make_folder(void **state)
{
	static struct papers papers; /* the runner's own, of one process */
	char command[4096];

	strcpy(papers.folder, "/tmp/windrose-papers.XXXXXX");
	if (mkdtemp(papers.folder) == NULL)
		return -1;
	snprintf(papers.log, sizeof(papers.log), "%s/log", papers.folder);
	snprintf(command, sizeof(command), make_papers, papers.folder);
	*state = &papers;
	return system(command);
}

static int remove_folder(void **state)
{
	const struct papers *papers = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", papers->folder);
	return system(command);
}

static void catch_log(struct papers *p)
{
	int fd = open(p->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	assert_true(fd >= 0);
	p->stderr_fd = dup(2);
	dup2(fd, 2);
	close(fd);
}

static void release_log(struct papers *p)
{
	dup2(p->stderr_fd, 2);
	close(p->stderr_fd);
	p->stderr_fd = 0;
}

/* What was caught by a test that failed is what tells why. */
static int tell_log(void **state)
{
	struct papers *p = *state;
	char text[4096];
	size_t len;
	FILE *f;

	if (p->stderr_fd == 0)
		return 0;
	release_log(p);
	f = fopen(p->log, "r");
	while (f != NULL && (len = fread(text, 1, sizeof(text), f)) > 0)
		fwrite(text, 1, len, stderr);
	return f == NULL ? -1 : fclose(f);
}

static bool log_has(const struct papers *p, const char *words)
{
	char text[16384];
	FILE *f = fopen(p->log, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	return strstr(text, words) != NULL;
}

/* A server with redis.conf, tls.conf and this certificate. */
static void start_server(struct world *w, const struct papers *p,
			 const char *cert, const char *more)
{
	static char extra[1024]; /* borrowed by the world */
	const char *src = getenv("SRCDIR");

	snprintf(extra, sizeof(extra),
		 "--aclfile '%s/contrib/redis/users.acl' "
		 "--include '%s/contrib/redis/tls.conf' --port 0 "
		 "--tls-port %d --tls-ca-cert-file '%s/ca.crt' "
		 "--tls-cert-file '%s/%s.crt' --tls-key-file '%s/%s.key' %s",
		 src, src, w->tcp_port, p->folder, p->folder, cert, p->folder,
		 cert, more);
	w->config = "redis.conf";
	w->extra = extra;
	world_start_server(w);
}

static void start_plain(struct world *w)
{
	w->tls = false;
	world_start_server(w);
	w->tls = true;
}

static void init_world(struct world *w)
{
	world_init(w, true);
	w->tcp_port = spare_port();
	w->tls = true;
	strcpy(w->env, "default");
	strcpy(w->user, "steer:change-me-steer");
}

#define CLIENT "?ca=@/ca.crt&cert=@/client.crt&key=@/client.key"

/* clang-format off */
static const struct row {
	const char *title;
	const char *cert, *more; /* of the server */
	const char *host, *query; /* of the url; each @ is the folder */
	const char *words; /* in the log; NULL: it is up */
} rows[] = {
	{ "by address", "server", "", "127.0.0.1", CLIENT, NULL },
	{ "by name", "server", "", "localhost", CLIENT, NULL },
	{ "the server wants no client certificate", "server", "--tls-auth-clients no", "127.0.0.1", "?ca=@/ca.crt", NULL },
	{ "TLS 1.2", "server", "--tls-protocols TLSv1.2", "127.0.0.1", CLIENT, NULL },
	{ "no client certificate", "server", "", "127.0.0.1", "?ca=@/ca.crt", "wants a client certificate" },
	{ "no client certificate, TLS 1.2", "server", "--tls-protocols TLSv1.2", "127.0.0.1", "?ca=@/ca.crt", "wants a client certificate" },
	{ "a stranger's client certificate", "server", "", "127.0.0.1", "?ca=@/ca.crt&cert=@/stranger.crt&key=@/stranger.key", "trusts nobody who signed our certificate" },
	{ "another CA", "server", "", "127.0.0.1", "?ca=@/other.crt", "name its CA with ca=FILE" },
	{ "the system's CAs", "server", "", "127.0.0.1", "", "name its CA with ca=FILE" },
	{ "another name", "elsewhere", "", "localhost", "?ca=@/ca.crt", "is for another name" },
	{ "another address", "elsewhere", "", "127.0.0.1", "?ca=@/ca.crt", "is for another name" },
	{ "expired", "expired", "", "127.0.0.1", "?ca=@/ca.crt", "has expired" },
	{ "TLS 1.1 only", "server", "--tls-protocols TLSv1.1 --tls-ciphers 'DEFAULT:@SECLEVEL=0'", "127.0.0.1", "?ca=@/ca.crt", "1.2 is the least" },
};
/* clang-format on */

static bool has_words(void *arg)
{
	void **both = arg;

	return log_has(both[0], both[1]);
}

static void fill_query(const struct papers *p, const char *from, char *out)
{
	for (; *from != '\0'; from++)
		out += *from == '@' ? sprintf(out, "%s", p->folder)
				    : sprintf(out, "%c", *from);
	*out = '\0';
}

static void check_row(struct papers *p, const struct row *row)
{
	void *both[2] = { p, (void *)(uintptr_t)row->words };
	char query[512] = "";
	struct party *party;
	struct world w;

	init_world(&w);
	fill_query(p, row->query, query);
	w.host = row->host;
	w.query = query;
	start_server(&w, p, row->cert, row->more);
	catch_log(p);
	party = world_party(&w, BUS_PLAN);
	if (row->words == NULL) {
		party_until_synced(party);
		assert_int_equal(party_lease(party, "a", 60000, 0), 1);
	} else {
		world_until(&w, has_words, both, row->title);
		assert_int_equal(party->ups, 0);
	}
	release_log(p);
	assert_false(log_has(p, "change-me"));
	world_fini(&w);
}

static void test_servers(void **state)
{
	if (!world_has_redis())
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].title);
		check_row(*state, &rows[i]);
	}
}

/* More than one record, and more than one reading, takes. */
static void test_large_values_pass(void **state)
{
	enum { LARGE = 4 << 20 };
	char query[512], *large = malloc(LARGE);
	struct party *health, *steer;
	struct world w;

	if (!world_has_redis())
		skip();
	assert_non_null(large);
	memset(large, 'x', LARGE);
	memcpy(large, "large", 6);
	init_world(&w);
	fill_query(*state, CLIENT, query);
	w.query = query;
	start_server(&w, *state, "server", "");
	steer = world_party(&w, BUS_REPORTS);
	strcpy(w.user, "health-eu:change-me-health-eu");
	health = world_party(&w, 0);
	party_until_synced(steer);
	party_until_up(health);
	bus_put(health->bus, BUS_REPORTS, "eu", large, LARGE, 60000);
	party_until_heard(steer, BUS_REPORTS, "eu", "large");
	assert_int_equal(party_heard(steer, BUS_REPORTS, "eu")->len, LARGE);
	world_fini(&w);
	free(large);
}

static void in_folder(const struct papers *p, const char *command)
{
	char all[256];

	snprintf(all, sizeof(all), "cd '%s' && %s", p->folder, command);
	assert_int_equal(system(all), 0);
}

/* A renewed certificate is used without a restart; a lost one is not missed. */
static void test_renewal(void **state)
{
	struct papers *p = *state;
	void *refused[2] = { p, (void *)(uintptr_t) "who signed our" };
	struct party *party;
	char query[512];
	struct world w;

	if (!world_has_redis())
		skip();
	in_folder(p, "cp stranger.crt my.crt && cp stranger.key my.key");
	init_world(&w);
	fill_query(p, "?ca=@/ca.crt&cert=@/my.crt&key=@/my.key", query);
	w.query = query;
	start_server(&w, p, "server", "");
	catch_log(p);
	party = world_party(&w, BUS_PLAN);
	world_until(&w, has_words, refused, "refused");
	assert_int_equal(party->ups, 0);
	in_folder(p, "cp client.crt my.crt && cp client.key my.key");
	party_until_up(party);
	in_folder(p, "rm my.key");
	world_kill_server(&w);
	party_until_down(party);
	world_start_server(&w);
	party_until_up(party);
	release_log(p);
	assert_true(log_has(p, "redis-tls-kept"));
	world_fini(&w);
}

/* clang-format off */
static const struct file_row {
	const char *query, *error;
} files[] = {
	{ "?ca=@/absent.crt", "no certificates (PEM) to trust" },
	{ "?ca=@/ca.key", "no certificates (PEM) to trust" },
	{ "?ca=@/ca.crt&cert=@/absent.crt&key=@/client.key", "no certificate (PEM)" },
	{ "?ca=@/ca.crt&cert=@/client.crt&key=@/absent.key", "no private key (PEM)" },
	{ "?ca=@/ca.crt&cert=@/client.crt&key=@/stranger.key", "no private key (PEM) of the certificate" },
	{ "?ca=@/ca.crt&cert=@/client.crt&key=@/locked.key", "without a passphrase" },
};
/* clang-format on */

static void test_files(void **state)
{
	struct event_base *loop = event_base_new();

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char url[512] = "rediss://127.0.0.1:1/x";
		const struct redis_config config = { .url = url };
		struct error err = { 0 };

		fill_query(*state, files[i].query, url + strlen(url));
		assert_null(redis_bus_new(loop, &config, &err));
		if (strstr(err.text, files[i].error) == NULL)
			fail_msg("%s: %s", files[i].query, err.text);
	}
	event_base_free(loop);
}

/* TLS where there is none, and the other way round. */
static void test_the_other_port(void **state)
{
	struct papers *p = *state;
	void *plain[2] = { p, (void *)(uintptr_t) "TLS" };
	char query[512];
	struct world w;

	if (!world_has_redis())
		skip();
	for (int tls = 0; tls < 2; tls++) {
		init_world(&w);
		if (tls == 0)
			start_server(&w, p, "server", "");
		w.tls = tls;
		if (tls == 1)
			start_plain(&w);
		fill_query(p, "?ca=@/ca.crt", query);
		w.query = tls == 1 ? query : NULL;
		catch_log(p);
		world_party(&w, BUS_PLAN);
		world_until(&w, has_words, plain, "the log tells of TLS");
		release_log(p);
		assert_int_equal(w.parties[0].ups, 0);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_servers, tell_log),
		cmocka_unit_test(test_large_values_pass),
		cmocka_unit_test_teardown(test_renewal, tell_log),
		cmocka_unit_test(test_files),
		cmocka_unit_test_teardown(test_the_other_port, tell_log),
	};

	return cmocka_run_group_tests_name("redis tls", tests, make_folder,
					   remove_folder);
}
