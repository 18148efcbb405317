/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upkeep: a signed zone while its responder runs: keys that come, roll, break
 * and come back, and what resolvers see of it.  ldns judges the signatures.
 */
#include "dns/responder.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/keys/keyfile.h"
#include "tests/unit/loopback.h"
#include "tests/unit/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE "gslb.example.com."

enum { PATH_SIZE = 300, POLICY_MAX = 4096 };

static void keys_path(const struct site *s, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/keys", s->dir);
}

/* The site's policy, with dnssec in its zone. */
static void sign_policy(const struct site *s, const char *dnssec)
{
	static const char before[] = "nameservers: ns.example.net";
	char text[POLICY_MAX + 200], *old, *at;
	struct error err;
	size_t len;

	site_write_policy(s, SITE_FIRST);
	old = file_read(s->policy, POLICY_MAX, &len, &err);
	assert_non_null(old);
	at = strstr(old, before);
	assert_non_null(at);
	at += strlen(before);
	snprintf(text, sizeof(text), "%.*s, dnssec: {keys: keys%s}%s",
		 (int)(at - old), old, dnssec, at);
	assert_true(file_replace(s->policy, text, strlen(text), &err));
	free(old);
}

/* A key that is published from now on and active after active_s. */
static char *add_key(const struct site *s, uint16_t flags, int64_t active_s)
{
	int64_t now_s = clock_wall_ms() / 1000;
	const int64_t times_s[DNSKEY_TIMES] = { now_s, now_s,
						now_s + active_s };
	char directory[PATH_SIZE];
	const struct keyfile_wish wish = {
		.directory = directory,
		.zone = ZONE,
		.algorithm = secret_algorithm_of("ecdsap256"),
		.flags = flags,
		.times_s = times_s,
	};
	struct error err;
	char *path;

	keys_path(s, directory);
	(void)mkdir(directory, 0700);
	path = keyfile_make(&wish, &err);
	assert_non_null(path);
	return path;
}

/* The answer section's records of type, signatures included. */
static ldns_rr_list *ask(const struct site *s, const char *name,
			 ldns_rr_type type, ldns_rr_list **signatures)
{
	ldns_resolver *resolver = ldns_resolver_new();
	ldns_rdf *at = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, "127.0.0.1");
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_rr_list *list;
	ldns_pkt *reply;

	ldns_resolver_push_nameserver(resolver, at);
	ldns_resolver_set_port(resolver, s->port);
	ldns_resolver_set_dnssec(resolver, true);
	/* The loop does not turn meanwhile. */
	ldns_resolver_set_timeout(resolver, (struct timeval){ .tv_sec = 1 });
	reply = ldns_resolver_query(resolver, owner, type, LDNS_RR_CLASS_IN, 0);
	assert_non_null(reply);
	list = ldns_pkt_rr_list_by_type(reply, type, LDNS_SECTION_ANSWER);
	*signatures = ldns_pkt_rr_list_by_type(reply, LDNS_RR_TYPE_RRSIG,
					       LDNS_SECTION_ANSWER);
	ldns_pkt_free(reply);
	ldns_rdf_deep_free(owner);
	ldns_rdf_deep_free(at);
	ldns_resolver_deep_free(resolver);
	return list;
}

static size_t count_of(const ldns_rr_list *list)
{
	return list == NULL ? 0 : ldns_rr_list_rr_count(list);
}

/*
 * As a resolver that has just seen the keys: both RRsets must have a signature
 * by one of them.  Returns how many keys there are; 0: something is bogus.
 */
static size_t validate(const struct site *s)
{
	ldns_rr_list *key_sigs, *sigs, *good = ldns_rr_list_new();
	ldns_rr_list *keys = ask(s, ZONE, LDNS_RR_TYPE_DNSKEY, &key_sigs);
	ldns_rr_list *list = ask(s, "www." ZONE, LDNS_RR_TYPE_A, &sigs);
	size_t count = count_of(keys);

	if (count == 0 || count_of(key_sigs) == 0 || count_of(sigs) == 0 ||
	    ldns_verify(keys, key_sigs, keys, good) != LDNS_STATUS_OK)
		count = 0;
	/* A steered answer's TTL is below the one that was signed. */
	if (count > 0 && ldns_verify(list, sigs, keys, good) != LDNS_STATUS_OK)
		count = 0;
	ldns_rr_list_free(good);
	ldns_rr_list_deep_free(list);
	ldns_rr_list_deep_free(sigs);
	ldns_rr_list_deep_free(keys);
	ldns_rr_list_deep_free(key_sigs);
	return count;
}

static bool has_expected_keys(struct site *s)
{
	return validate(s) == s->expected;
}

static bool says_trouble(struct site *s)
{
	return strstr(s->node.trouble, s->awaited) != NULL;
}

static bool is_well(struct site *s)
{
	return s->node.trouble[0] == '\0';
}

static void begin_signed(struct site *s, const char *dnssec)
{
	sign_policy(s, dnssec);
	responder_reload(s->responder);
	s->expected = 1;
	site_turn_until(s, has_expected_keys);
}

static void remove_keys(const struct site *s)
{
	char command[PATH_SIZE + 16];

	snprintf(command, sizeof(command), "rm -rf %s/keys", s->dir);
	assert_int_equal(system(command), 0);
}

static void test_keys_come_and_roll(void **state)
{
	struct site *s = *state;
	char *first = add_key(s, DNSKEY_KSK, 0), *second;
	int64_t now_s, times_s[DNSKEY_TIMES];
	struct error err;

	begin_signed(s, "");
	second = add_key(s, DNSKEY_ZSK, 1);
	s->expected = 2;
	site_turn_until(s, has_expected_keys);
	/* The ZSK goes again: its Delete passes while nothing else happens. */
	now_s = clock_wall_ms() / 1000;
	memset(times_s, 0, sizeof(times_s));
	times_s[DNSKEY_PUBLISH] = now_s - 10;
	times_s[DNSKEY_DELETE] = now_s + 2;
	assert_true(keyfile_set_times(second, times_s, &err));
	s->expected = 1;
	site_turn_until(s, has_expected_keys);
	assert_true(clock_wall_ms() / 1000 >= now_s + 2);
	assert_string_equal(s->node.trouble, "");
	free(first);
	free(second);
	remove_keys(s);
}

/* The zone goes on, and is told of; what is repaired is found. */
static void test_broken_keys_change_nothing(void **state)
{
	struct site *s = *state;
	char *path = add_key(s, DNSKEY_KSK, 0), *text;
	struct error err;
	size_t len;

	begin_signed(s, "");
	text = file_read(path, POLICY_MAX, &len, &err);
	assert_non_null(text);
	assert_true(file_replace(path, "garbage\n", 8, &err));
	s->awaited = "signing goes on with keys of before";
	site_turn_until(s, says_trouble);
	assert_int_equal(validate(s), 1);
	assert_true(file_replace(path, text, len, &err));
	site_turn_until(s, is_well);
	assert_int_equal(validate(s), 1);
	free(text);
	free(path);
	remove_keys(s);
}

/* A key's files go away, as with rsync --delete of a folder that is behind. */
static void test_lost_key_stays(void **state)
{
	struct site *s = *state;
	char *ksk = add_key(s, DNSKEY_KSK, 0), *zsk, away[PATH_SIZE];

	begin_signed(s, "");
	zsk = add_key(s, DNSKEY_ZSK, 0);
	s->expected = 2;
	site_turn_until(s, has_expected_keys);
	snprintf(away, sizeof(away), "%s.away", zsk);
	assert_int_equal(rename(zsk, away), 0);
	s->awaited = ".key: is gone, but";
	site_turn_until(s, says_trouble);
	assert_int_equal(validate(s), 2);
	assert_int_equal(rename(away, zsk), 0);
	site_turn_until(s, is_well);
	assert_int_equal(validate(s), 2);
	free(zsk);
	free(ksk);
	remove_keys(s);
}

static bool is_unsigned(struct site *s)
{
	ldns_rr_list *sigs, *list = ask(s, "www." ZONE, LDNS_RR_TYPE_A, &sigs);
	bool none = count_of(list) > 0 && count_of(sigs) == 0;

	ldns_rr_list_deep_free(list);
	ldns_rr_list_deep_free(sigs);
	return none;
}

static bool asks_to_leave(struct site *s)
{
	ldns_rr_list *sigs, *list = ask(s, ZONE, LDNS_RR_TYPE_CDS, &sigs);
	/* RFC 8078, 4: one record, of five octets that are 0. */
	bool asks = count_of(list) == 1 &&
		    ldns_rr_uncompressed_size(ldns_rr_list_rr(list, 0)) ==
			    sizeof("\4gslb\7example\3com") + 10 + 5;

	ldns_rr_list_deep_free(list);
	ldns_rr_list_deep_free(sigs);
	return asks;
}

/* While the parent has a DS, a zone without signatures does not resolve. */
static void test_not_unsigned_at_once(void **state)
{
	struct site *s = *state;
	char *path = add_key(s, DNSKEY_KSK, 0);

	begin_signed(s, "");
	site_write_policy(s, SITE_FIRST);
	responder_reload(s->responder);
	s->awaited = "is signed, and has no dnssec";
	site_turn_until(s, says_trouble);
	assert_int_equal(validate(s), 1);
	sign_policy(s, ", cds: delete");
	responder_reload(s->responder);
	site_turn_until(s, asks_to_leave);
	assert_int_equal(validate(s), 1);
	site_write_policy(s, SITE_FIRST);
	responder_reload(s->responder);
	site_turn_until(s, is_unsigned);
	site_turn_until(s, is_well);
	free(path);
	remove_keys(s);
}

static int64_t expiration(const struct site *s)
{
	ldns_rr_list *sigs, *list = ask(s, "www." ZONE, LDNS_RR_TYPE_A, &sigs);
	int64_t ends_s = ldns_rdf2native_int32(
		ldns_rr_rrsig_expiration(ldns_rr_list_rr(sigs, 0)));

	ldns_rr_list_deep_free(list);
	ldns_rr_list_deep_free(sigs);
	return ends_s;
}

/* Later than what was expected by a turn of two seconds. */
static bool is_renewed(struct site *s)
{
	return expiration(s) > (int64_t)s->expected;
}

/* A signature of a minute that must have 58 seconds left is renewed, and each
 * is good. */
static void test_renewed_while_it_runs(void **state)
{
	struct site *s = *state;
	char *path = add_key(s, DNSKEY_KSK, 0);

	begin_signed(s, ", validity: 1m, refresh: 58s");
	for (unsigned i = 0; i < 2; i++) {
		s->expected = (unsigned)expiration(s);
		site_turn_until(s, is_renewed);
		assert_int_equal(validate(s), 1);
	}
	free(path);
	remove_keys(s);
}

/* A policy that cannot be signed is no policy: nothing of it is taken. */
static void test_reload_without_keys_is_refused(void **state)
{
	struct site *s = *state;

	sign_policy(s, "");
	responder_reload(s->responder);
	s->awaited = "cannot read the directory of keys";
	site_turn_until(s, says_trouble);
	assert_int_equal(site_ask(s), SITE_FIRST);
}

static void test_does_not_start_unsigned(void **state)
{
	struct site *s = *state;
	const char *listen[] = { s->listen };
	const struct responder_config config = {
		.policy_path = s->policy,
		.transports = { .listen = listen,
				.listen_count = 1,
				.workers = 1 },
		.name = "ns1",
	};
	struct error err;

	sign_policy(s, "");
	responder_stop(s->responder);
	s->responder = responder_start(s->loop, &config, &err);
	assert_null(s->responder);
	assert_non_null(strstr(err.text, "the policy does not load"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys_come_and_roll,
						site_set_up, site_tear_down),
		cmocka_unit_test_setup_teardown(test_broken_keys_change_nothing,
						site_set_up, site_tear_down),
		cmocka_unit_test_setup_teardown(test_lost_key_stays,
						site_set_up, site_tear_down),
		cmocka_unit_test_setup_teardown(test_not_unsigned_at_once,
						site_set_up, site_tear_down),
		cmocka_unit_test_setup_teardown(test_renewed_while_it_runs,
						site_set_up, site_tear_down),
		cmocka_unit_test_setup_teardown(
			test_reload_without_keys_is_refused, site_set_up,
			site_tear_down),
		cmocka_unit_test_setup_teardown(test_does_not_start_unsigned,
						site_set_up, site_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
