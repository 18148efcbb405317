/* SPDX-License-Identifier: Apache-2.0 */
/* redis_url, redis_error: where a url, or a server's error, sends us. */
#include "policy/bus/redis_url.h"

#include "policy/base/error.h"
#include "policy/bus/redis_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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
	{ "redis://dns@h/x?password=/etc/pw", NULL, "h", "", "dns", "", "x", 6379 },
	{ "redis://h?password=/etc/pw", NULL, "h", "", "", "", "default", 6379 },
	{ "redis+unix:///run/redis?password=/etc/pw", NULL, "", "/run/redis", "", "", "default", 0 },
	{ "redis://u:s3cr3t@h?password=/etc/pw", "USER:PASSWORD", "", "", "", "", "", 0 },
	{ "redis://u@h?password=", "file's name", "", "", "", "", "", 0 },
	{ "redis://u%00@h?password=/etc/pw", "USER:PASSWORD", "", "", "", "", "", 0 },
	{ "redis://@h?password=/etc/pw", "USER:PASSWORD", "", "", "", "", "", 0 },
	{ "redis://h?sentinel-password=/etc/pw", "redis+sentinel://", "", "", "", "", "", 0 },
	{ "redis+sentinel://h/m?sentinel=u:s3cr3t&sentinel-password=/etc/pw", "sentinel-password=FILE", "", "", "", "", "", 0 },
	{ "redis+sentinel://h/m?sentinel=&sentinel-password=/etc/pw", "USER:PASSWORD", "", "", "", "", "", 0 },
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

static void test_passwords_in_files(void **state)
{
	static const char text[] =
		"redis+sentinel://dns@a/m?sentinel-password=/etc/a%26b"
		"&password=/etc/pw&sentinel=s";
	struct error err = { 0 };
	struct redis_url url;

	(void)state;
	if (!redis_url_parse(text, &url, &err))
		fail_msg("%s", err.text);
	assert_string_equal(url.login.user, "dns");
	assert_string_equal(url.login.file, "/etc/pw");
	assert_string_equal(url.sentinel.user, "s");
	assert_string_equal(url.sentinel.file, "/etc/a&b");
	assert_false(url.login.has_password || url.sentinel.has_password);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_all_of_a_url),
		cmocka_unit_test(test_passwords_in_files),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_error_words),
	};

	return cmocka_run_group_tests_name("redis url", tests, NULL, NULL);
}
