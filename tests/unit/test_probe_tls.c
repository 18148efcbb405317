/* SPDX-License-Identifier: Apache-2.0 */
/* probe over TLS and HTTP/2: a real nginx with a good and an expired
 * certificate, both made here. */
#include "health/probe_http.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

static const char nginx_path[] = "/usr/sbin/nginx";

struct world {
	struct event_base *loop;
	char folder[64];
	uint16_t good_port, expired_port;
	uint16_t h2_port, h2c_port, client_port, chained_port;
	pid_t nginx;
};

static void write_pem(const struct world *w, const char *name, EVP_PKEY *key,
		      X509 *cert)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.pem", w->folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	if (key != NULL)
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	if (cert != NULL)
		PEM_write_X509(f, cert);
	fclose(f);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

struct making {
	const char *file, *name; /* the subject's common name */
	long from_s, to_s;       /* from now */
	const X509 *issuer;      /* NULL: itself */
	bool issues;
};

/* For www.example.test; every certificate has the same key.  The caller frees
 * it. */
static X509 *make_certificate(const struct world *w, EVP_PKEY *key,
			      const struct making *m)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), m->to_s + 100 * DAY_S);
	X509_gmtime_adj(X509_getm_notBefore(cert), m->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), m->to_s);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const unsigned char *)m->name, -1, -1, 0);
	X509_set_issuer_name(cert, m->issuer == NULL
					   ? subject
					   : X509_get_subject_name(m->issuer));
	X509_set_pubkey(cert, key);
	add_extension(cert, NID_subject_alt_name, "DNS:www.example.test");
	if (m->issues)
		add_extension(cert, NID_basic_constraints, "CA:TRUE");
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	write_pem(w, m->file, NULL, cert);
	return cert;
}

/* good has a day left; expired had its end two days ago; chained has four days
 * left, and ca, which vouches for it, two. */
static void make_certificates(const struct world *w)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct making making[] = {
		{ "good", "www.example.test", -DAY_S, DAY_S, NULL, false },
		{ "expired", "www.example.test", -4L * DAY_S, -2L * DAY_S, NULL,
		  false },
		{ "ca", "ca.example.test", -DAY_S, 2L * DAY_S, NULL, true },
		{ "chained", "www.example.test", -DAY_S, 4L * DAY_S, NULL,
		  false },
	};
	X509 *made[4];

	write_pem(w, "key", key, NULL);
	for (size_t i = 0; i < 4; i++) {
		if (i == 3)
			making[i].issuer = made[2];
		made[i] = make_certificate(w, key, &making[i]);
	}
	for (size_t i = 0; i < 4; i++)
		X509_free(made[i]);
	EVP_PKEY_free(key);
}

/* A port that was free a moment ago. */
static uint16_t free_port(int *keep)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	*keep = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(*keep, (struct sockaddr *)&at, len), 0);
	getsockname(*keep, (struct sockaddr *)&at, &len);
	return ntohs(at.sin_port);
}

/* A server of the configuration; more may be "ssl". */
static void write_server(const struct world *w, FILE *f, uint16_t port,
			 const char *more, const char *certificate)
{
	fprintf(f,
		"server { listen 127.0.0.1:%u %s;\n"
		"ssl_certificate %s/%s.pem;\n",
		port, more, w->folder, certificate);
	if (port == w->client_port)
		fprintf(f,
			"ssl_client_certificate %s/good.pem;\n"
			"ssl_verify_client on;\n",
			w->folder);
	fprintf(f, "location / { return 200 \"sni=$ssl_server_name host=$host "
		   "by=$server_protocol\"; } }\n");
}

static void write_config(const struct world *w)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/nginx.conf", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"daemon off; master_process off; pid %s/pid;\n"
		"error_log %s/error.log; events { }\n"
		"http { access_log off;\n"
		"client_body_temp_path %s/b; proxy_temp_path %s/p;\n"
		"fastcgi_temp_path %s/f; uwsgi_temp_path %s/u;\n"
		"scgi_temp_path %s/s;\n"
		"ssl_certificate_key %s/key.pem;\n",
		w->folder, w->folder, w->folder, w->folder, w->folder,
		w->folder, w->folder, w->folder);
	write_server(w, f, w->good_port, "ssl", "good");
	write_server(w, f, w->expired_port, "ssl", "expired");
	write_server(w, f, w->h2_port, "ssl http2", "good");
	write_server(w, f, w->h2c_port, "http2", "good");
	write_server(w, f, w->client_port, "ssl", "good");
	write_server(w, f, w->chained_port, "ssl", "chained");
	fprintf(f, "}\n");
	fclose(f);
}

static void start_nginx(struct world *w)
{
	char config[128];

	snprintf(config, sizeof(config), "%s/nginx.conf", w->folder);
	w->nginx = fork();
	assert_true(w->nginx >= 0);
	if (w->nginx == 0) {
		char log[128];

		snprintf(log, sizeof(log), "%s/error.log", w->folder);
		execl(nginx_path, nginx_path, "-c", config, "-e", log,
		      (char *)NULL);
		_exit(127);
	}
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint16_t *ports[] = {
		&w->good_port, &w->expired_port, &w->h2_port,
		&w->h2c_port,  &w->client_port,  &w->chained_port
	};
	int held[6];

	*state = w;
	w->loop = event_base_new();
	strcpy(w->folder, "/tmp/windrose-tls-XXXXXX");
	if (access(nginx_path, X_OK) != 0)
		return 0;
	assert_non_null(mkdtemp(w->folder));
	for (size_t i = 0; i < 6; i++)
		*ports[i] = free_port(&held[i]);
	for (size_t i = 0; i < 6; i++)
		close(held[i]);
	make_certificates(w);
	write_config(w);
	start_nginx(w);
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	if (w->nginx > 0) {
		kill(w->nginx, SIGTERM);
		waitpid(w->nginx, NULL, 0);
		snprintf(command, sizeof(command), "rm -r %s", w->folder);
		assert_int_equal(system(command), 0);
	}
	event_base_free(w->loop);
	free(w);
	return 0;
}

static void on_done(void *arg, const struct observation *seen)
{
	*(struct observation *)arg = *seen;
}

static struct status_range success = { 200, 299 };
static const struct policy_check usual = {
	.type = CHECK_HTTPS,
	.path = "/",
	.statuses = &success,
	.status_count = 1,
	.timeout_ms = 5000,
	.verify = true,
};

/* clang-format off */
static const struct row {
	const char *title;
	const char *host;
	const char *trusted; /* PEM file; NULL: the system's */
	bool expired, verify;
	uint32_t left_s; /* wanted */
	const char *body;
	const char *outcome;
} rows[] = {
	{ "self-signed, verified",   "www.example.test", NULL, false, true,
	  0, NULL, "tls-certificate" },
	{ "self-signed, not verified", "www.example.test", NULL, false, false,
	  0, NULL, "ok" },
	{ "trusted",                 "www.example.test", "good", false, true,
	  0, "sni=www.example.test host=www.example.test", "ok" },
	{ "trusted, another name",   "api.example.test", "good", false, true,
	  0, NULL, "tls-certificate" },
	{ "another name, not verified", "api.example.test", NULL, false, false,
	  0, "sni=api.example.test host=api.example.test", "ok" },
	{ "lives long enough",       "www.example.test", "good", false, true,
	  DAY_S / 2, NULL, "ok" },
	{ "ends too soon",           "www.example.test", "good", false, true,
	  2 * DAY_S, NULL, "certificate-expiring" },
	{ "ends too soon, not verified", "www.example.test", NULL, false, false,
	  2 * DAY_S, NULL, "certificate-expiring" },
	{ "expired, not verified, some life wanted", "www.example.test", NULL,
	  true, false, 1, "host=", "certificate-expiring" },
	{ "expired",                 "www.example.test", "expired", true, true,
	  0, NULL, "tls-certificate" },
	{ "expired, not verified",   "www.example.test", NULL, true, false,
	  0, "host=", "ok" },
};
/* clang-format on */

/* trusted: as in the rows. */
static struct observation run(struct world *w, const struct probe_spec *spec,
			      const char *trusted)
{
	char ca[128];
	struct error err;
	struct observation seen = { 0 };
	struct probe_http_pool *pool;

	snprintf(ca, sizeof(ca), "%s/%s.pem", w->folder,
		 trusted == NULL ? "" : trusted);
	pool = probe_http_pool_new(w->loop, trusted == NULL ? NULL : ca, NULL,
				   &err);
	assert_non_null(pool);
	assert_non_null(probe_http_start(pool, spec, on_done, &seen));
	while (seen.outcome == OUTCOME_UNKNOWN)
		event_base_loop(w->loop, EVLOOP_ONCE);
	probe_http_pool_free(pool);
	return seen;
}

static struct observation run_row(struct world *w, const struct row *row,
				  const struct policy_check *check)
{
	struct probe_spec spec = {
		.check = check,
		.host = row->host,
		.port = row->expired ? w->expired_port : w->good_port,
	};

	net_addr_parse("127.0.0.1", &spec.addr);
	return run(w, &spec, row->trusted);
}

/* A day is left, or it ended two days ago; less what passed since setup(). */
static void check_left(const struct row *row, const struct observation *seen)
{
	int64_t left_s = row->expired ? -2 * DAY_S : DAY_S;

	assert_in_range(left_s - seen->certificate_left_s, 0, 600);
}

static void test_certificates(void **state)
{
	struct world *w = *state;
	struct policy_check check = usual;
	int64_t deadline_ms = clock_now_ms() + 10000;
	char text[OUTCOME_TEXT_SIZE];

	if (w->nginx == 0)
		skip(); /* no nginx on this machine */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct observation seen;

		check.verify = rows[i].verify;
		check.body = rows[i].body;
		check.certificate_left_s = rows[i].left_s;
		/* Refused while nginx is still starting. */
		do {
			seen = run_row(w, &rows[i], &check);
		} while (i == 0 && seen.outcome == OUTCOME_REFUSED &&
			 clock_now_ms() < deadline_ms);
		if (strcmp(outcome_text(&seen, text), rows[i].outcome) != 0)
			fail_msg("%s: %s", rows[i].title, text);
		if (seen.certificate_left_s != 0)
			check_left(&rows[i], &seen);
		if (seen.outcome == OUTCOME_OK)
			assert_true(seen.certificate_left_s != 0);
		if (seen.outcome == OUTCOME_OK)
			assert_true(seen.tls_ms > seen.connect_ms &&
				    seen.first_byte_ms >= seen.tls_ms);
	}
}

/* Which port is asked for what, after test_certificates() saw nginx start. */
static void test_versions(void **state)
{
	struct world *w = *state;
	const struct {
		const char *title;
		uint16_t port;
		enum check_type type;
		enum http_version http;
		enum outcome outcome;
		const char *body;
	} asked[] = {
		{ "1.1 of who can both", w->h2_port, CHECK_HTTPS, HTTP_1_1,
		  OUTCOME_OK, "by=HTTP/1.1" },
		{ "2 of who can both", w->h2_port, CHECK_HTTPS, HTTP_2,
		  OUTCOME_OK, "by=HTTP/2.0" },
		{ "2 of who cannot", w->good_port, CHECK_HTTPS, HTTP_2,
		  OUTCOME_PROTOCOL, NULL },
		{ "2 without TLS", w->h2c_port, CHECK_HTTP, HTTP_2, OUTCOME_OK,
		  "by=HTTP/2.0" },
	};

	if (w->nginx == 0)
		skip(); /* no nginx on this machine */
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct policy_check check = usual;
		struct probe_spec spec = { .check = &check,
					   .host = "www.example.test",
					   .port = asked[i].port };
		struct observation seen;

		net_addr_parse("127.0.0.1", &spec.addr);
		check.type = asked[i].type;
		check.http = asked[i].http;
		check.body = asked[i].body;
		seen = run(w, &spec, "good");
		if (seen.outcome != asked[i].outcome)
			fail_msg("%s: %d", asked[i].title, (int)seen.outcome);
	}
}

static void test_client_certificate(void **state)
{
	struct world *w = *state;
	char certificate[128], key[128], missing[128];
	struct policy_check check = usual;
	struct probe_spec spec = { .check = &check,
				   .host = "www.example.test",
				   .port = w->client_port };

	if (w->nginx == 0)
		skip(); /* no nginx on this machine */
	net_addr_parse("127.0.0.1", &spec.addr);
	/* nginx tells by a status of its own. */
	assert_int_equal(run(w, &spec, "good").status, 400);
	snprintf(certificate, sizeof(certificate), "%s/good.pem", w->folder);
	snprintf(key, sizeof(key), "%s/key.pem", w->folder);
	check.client_certificate = certificate;
	check.client_key = key;
	assert_int_equal(run(w, &spec, "good").outcome, OUTCOME_OK);
	/* What we lack is not the endpoint's fault. */
	snprintf(missing, sizeof(missing), "%s/none.pem", w->folder);
	check.client_key = missing;
	assert_int_equal(run(w, &spec, "good").outcome, OUTCOME_LOCAL);
}

/* The one of the chain that ends first, where a chain was looked at. */
static void test_chain(void **state)
{
	struct world *w = *state;
	struct policy_check check = usual;
	struct probe_spec spec = { .check = &check,
				   .host = "www.example.test",
				   .port = w->chained_port };
	struct observation seen;

	if (w->nginx == 0)
		skip(); /* no nginx on this machine */
	net_addr_parse("127.0.0.1", &spec.addr);
	check.certificate_left_s = 3 * DAY_S;
	seen = run(w, &spec, "ca");
	assert_int_equal(seen.outcome, OUTCOME_EXPIRING);
	assert_in_range(2 * DAY_S - seen.certificate_left_s, 0, 600);
	check.verify = false;
	seen = run(w, &spec, NULL);
	assert_int_equal(seen.outcome, OUTCOME_OK);
	assert_in_range(4 * DAY_S - seen.certificate_left_s, 0, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_client_certificate),
	};

	return cmocka_run_group_tests_name("probe_tls", tests, setup, teardown);
}
