/* SPDX-License-Identifier: Apache-2.0 */
/* identify: what is published of command line and secrets, and what is not. */
#include "dns/identify.h"
#include "dns/identity.h"
#include "dns/slot.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <unistd.h>

/* 129 octets. */
#define SIXTEEN "0123456789abcdef"
#define FOUR SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define LONG FOUR FOUR "x"

#define OLD "dd3bdf9344b678b185a6f5cb60fca715\n"
#define NEW "445536bcd2513298075a5d379663c962\n"

struct bench {
	struct event_base *loop;
	struct slot slot;
	char path[64];
};

static void write_secrets(const struct bench *b, const char *text)
{
	FILE *out = fopen(b->path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
	static struct bench b;
	int fd;

	strcpy(b.path, "/tmp/windrose-secrets-XXXXXX");
	fd = mkstemp(b.path);
	assert_true(fd >= 0);
	close(fd);
	b.loop = event_base_new();
	slot_init(&b.slot, NULL);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	slot_fini(&b->slot);
	event_base_free(b->loop);
	unlink(b->path);
	return 0;
}

static bool first_is(const struct bench *b, const char *text)
{
	struct cookie_secrets secrets;
	struct error err;

	assert_true(cookie_secrets_parse(text, "-", &secrets, &err));
	return memcmp(&slot_identity(&b->slot)->secrets.keys[0],
		      &secrets.keys[0], sizeof(secrets.keys[0])) == 0;
}

static void test_roll(void **state)
{
	struct bench *b = *state;
	const struct identity id = { .nsid = { 1, "n" } };
	const struct identify_config config = {
		.identity = &id,
		.cookie_secrets = b->path,
	};
	struct error err = { 0 };
	const struct identity *before;
	struct identify *i;

	write_secrets(b, OLD);
	i = identify_start(b->loop, &b->slot, &config, &err);
	assert_non_null(i);
	assert_int_equal(slot_identity(&b->slot)->secrets.count, 1);
	write_secrets(b, OLD NEW);
	identify_reload(i);
	assert_int_equal(slot_identity(&b->slot)->secrets.count, 2);
	assert_true(first_is(b, OLD));
	write_secrets(b, NEW OLD);
	identify_reload(i);
	assert_true(first_is(b, NEW));
	/* What is wrong, or the same, publishes nothing. */
	before = slot_identity(&b->slot);
	write_secrets(b, "nonsense\n");
	identify_reload(i);
	unlink(b->path);
	identify_reload(i);
	write_secrets(b, "# the same\n" NEW OLD);
	identify_reload(i);
	assert_ptr_equal(slot_identity(&b->slot), before);
	write_secrets(b, NEW);
	identify_reload(i);
	assert_int_equal(slot_identity(&b->slot)->secrets.count, 1);
	assert_int_equal(slot_identity(&b->slot)->nsid.len, 1);
	identify_stop(i);
}

/* Two responders without a file do not have each other's secret. */
static void test_drawn(void **state)
{
	struct bench *b = *state;
	const struct identify_config none = { 0 };
	struct siphash_key first;
	struct error err = { 0 };

	for (unsigned turn = 0; turn < 2; turn++) {
		struct identify *i =
			identify_start(b->loop, &b->slot, &none, &err);
		const struct identity *id = slot_identity(&b->slot);

		assert_non_null(i);
		identify_reload(i); /* no file, nothing to read */
		assert_ptr_equal(slot_identity(&b->slot), id);
		assert_int_equal(id->cookies, COOKIES_ON);
		assert_int_equal(id->secrets.count, 1);
		assert_int_equal(id->nsid.len, 0);
		if (turn == 0)
			first = id->secrets.keys[0];
		else
			assert_memory_not_equal(&first, &id->secrets.keys[0],
						sizeof(first));
		identify_stop(i);
	}
}

/* clang-format off */
static const char *const no_network[] = { "192.0.2.0/24", "192.0.2.1/24" };

static const struct wrong_row {
	const char *title;
	struct identity_words words;
	const char *error;
} wrongs[] = {
	{ "a policy that is none", { .cookies = "yes" },
	  "--cookies \"yes\": is on, off or required" },
	{ "an empty NSID", { .nsid = "" }, "--nsid: give 1 to 128 octets" },
	{ "a long NSID", { .nsid = LONG }, "--nsid: give 1 to 128 octets" },
	{ "an empty identity", { .name = "" }, "--identity: give 1 to 255" },
	{ "an empty version", { .version = "" }, "--version-text: give 1 to" },
	{ "no network", { .explain_to = no_network, .explain_to_count = 2 },
	  "--explain-to \"192.0.2.1/24\": is an address, or a network" },
	{ "too many networks", { .explain_to_count = IDENTITY_ASKERS_MAX + 1 },
	  "--explain-to: give 64 networks at most" },
};
/* clang-format on */

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct identity id = { .cookies = COOKIES_OFF };
		struct error err = { 0 };

		print_message("# %s\n", wrongs[i].title);
		assert_false(identity_read(&wrongs[i].words, &id, &err));
		if (strncmp(err.text, wrongs[i].error,
			    strlen(wrongs[i].error)) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(id.cookies, COOKIES_OFF);
	}
}

/* Who may ask why, and nobody else. */
static void test_askers(void **state)
{
	static const char *const networks[] = { "192.0.2.1", "2001:db8::/32" };
	static const struct {
		const char *peer;
		bool told;
	} rows[] = {
		{ "192.0.2.1", true },   { "192.0.2.2", false },
		{ "2001:db8::1", true }, { "2001:db9::1", false },
		{ "::c000:201", false },
	};
	const struct identity_words words = { .explain_to = networks,
					      .explain_to_count = 2 };
	struct identity id, nobody;
	struct error err;
	struct net_addr peer;

	(void)state;
	assert_true(identity_read(&words, &id, &err));
	assert_true(
		identity_read(&(struct identity_words){ 0 }, &nobody, &err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(net_addr_parse(rows[i].peer, &peer));
		assert_int_equal(identity_tells_why(&id, &peer), rows[i].told);
		assert_false(identity_tells_why(&nobody, &peer));
	}
}

/* Views are published only where somebody may be told. */
static void test_views(void **state)
{
	static const char *const networks[] = { "192.0.2.1" };
	const struct identity_words words = { .explain_to = networks,
					      .explain_to_count = 1 };
	struct bench *b = *state;
	const struct view *view = (const struct view *)(const void *)b;
	struct error err;

	for (int told = 0; told < 2; told++) {
		struct identity id = { 0 };
		struct identify *i;

		if (told)
			assert_true(identity_read(&words, &id, &err));
		i = identify_start(b->loop, &b->slot,
				   &(struct identify_config){ &id, NULL },
				   &err);
		assert_non_null(i);
		slot_publish_view(&b->slot, view);
		assert_ptr_equal(slot_view(&b->slot), told ? view : NULL);
		identify_stop(i);
	}
}

static void test_no_secrets_no_start(void **state)
{
	const struct identify_config config = {
		.cookie_secrets = "/nonexistent/secrets",
	};
	struct bench *b = *state;
	struct error err = { 0 };
	char line[400];

	assert_null(identify_start(b->loop, &b->slot, &config, &err));
	assert_non_null(strstr(error_line(&err, line, sizeof(line)),
			       config.cookie_secrets));
	assert_null(slot_identity(&b->slot));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_roll, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drawn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong, set_up, tear_down),
		cmocka_unit_test(test_askers),
		cmocka_unit_test_setup_teardown(test_views, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_secrets_no_start,
						set_up, tear_down),
	};

	return cmocka_run_group_tests_name("identify", tests, NULL, NULL);
}
