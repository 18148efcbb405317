/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published vectors, tests/data/hash-vectors.txt: what they say is fixed
 * for ever, since edges in other languages follow it.
 */
#include "policy/base/hash.h"
#include "policy/base/net.h"
#include "policy/decide/share.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 24, LINE_MAX_OCTETS = 512 };

/* The row that picks are about, and a policy just large enough for it. */
struct vectors {
	char row_line[LINE_MAX_OCTETS];
	struct policy policy;
	struct policy_service service;
	struct policy_endpoint endpoints[8];
	struct policy_canary canary;
	struct share_key keys[8];
	struct row row;
	unsigned checked, line;
};

static unsigned split(char *text, char sep, char *words[WORDS_MAX])
{
	unsigned count = 0;
	char seps[] = { sep, '\n', '\0' };
	char *rest = text;

	for (char *word;
	     count < WORDS_MAX && (word = strtok_r(rest, seps, &rest)) != NULL;)
		words[count++] = word;
	return count;
}

static uint64_t client_of(const char *address, const char *bits)
{
	struct net_addr addr;

	assert_true(net_addr_parse(address, &addr));
	return hash_client(&addr, (unsigned)strtoul(bits, NULL, 10));
}

static uint64_t session_of(const char *name)
{
	uint64_t seed = hash_octets(HASH_FNV_OFFSET, "", 1);

	return hash_mix(hash_octets(seed, name, strlen(name)));
}

static uint8_t add_endpoint(struct vectors *v, const char *name, int canary)
{
	size_t at = v->service.endpoint_count++;

	v->endpoints[at] = (struct policy_endpoint){
		.name = name,
		.canary = canary,
	};
	return (uint8_t)at;
}

static void add_entry(struct vectors *v, char *text)
{
	struct row_entry *e = &v->row.entries[v->row.count++];
	char *words[WORDS_MAX];
	unsigned count = split(text, ':', words);

	assert_true(count == 4 || count == 7);
	e->tier = (uint8_t)strtoul(words[0], NULL, 10);
	e->endpoint = add_endpoint(v, words[1], POLICY_NONE);
	e->weight = (uint32_t)strtoul(words[2], NULL, 10);
	e->accept = (uint32_t)strtoul(words[3], NULL, 16);
	e->canary = ROW_NONE;
	if (count == 4)
		return;
	v->canary.name = words[4];
	e->canary = add_endpoint(v, words[5], 0);
	e->canary_accept = (uint32_t)strtoul(words[6], NULL, 16);
}

/* row NAME SERVICE ANSWERS ENTRY... */
static void read_row(struct vectors *v, const char *line)
{
	char *words[WORDS_MAX];
	unsigned count;

	snprintf(v->row_line, sizeof(v->row_line), "%s", line);
	count = split(v->row_line, ' ', words);
	memset(&v->row, 0, sizeof(v->row));
	v->service = (struct policy_service){
		.name = words[2],
		.answers = (uint32_t)strtoul(words[3], NULL, 10),
		.endpoints = v->endpoints,
	};
	for (unsigned i = 4; i < count; i++)
		add_entry(v, words[i]);
	v->policy.services = &v->service;
	v->policy.canaries = &v->canary;
	share_keys(&v->policy, 0, v->keys);
}

/* pick ROW ADDRESS BITS ENDPOINT... */
static void check_pick(struct vectors *v, char **words, unsigned count)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	unsigned got =
		share_pick(&v->row, v->keys, client_of(words[2], words[3]),
			   v->service.answers, picks);

	if (got != count - 4)
		fail_msg("line %u: %u picks", v->line, got);
	for (unsigned i = 0; i < got; i++)
		if (strcmp(v->endpoints[picks[i]].name, words[4 + i]) != 0)
			fail_msg("line %u: %s", v->line,
				 v->endpoints[picks[i]].name);
}

static void check_hash(const struct vectors *v, uint64_t hash,
		       const char *expected)
{
	if (hash != strtoull(expected, NULL, 16))
		fail_msg("line %u: %016" PRIx64, v->line, hash);
}

static void check_line(struct vectors *v, char *line)
{
	char *w[WORDS_MAX], copy[LINE_MAX_OCTETS];
	unsigned count;

	snprintf(copy, sizeof(copy), "%s", line);
	count = split(copy, ' ', w);
	if (count == 0 || w[0][0] == '#')
		return;
	v->checked++;
	if (strcmp(w[0], "row") == 0)
		read_row(v, line);
	else if (strcmp(w[0], "pick") == 0)
		check_pick(v, w, count);
	else if (strcmp(w[0], "client") == 0)
		check_hash(v, client_of(w[1], w[2]), w[3]);
	else if (strcmp(w[0], "session") == 0)
		check_hash(v, session_of(w[1]), w[2]);
	else if (strcmp(w[0], "drawn") == 0)
		check_hash(v,
			   hash_draw(session_of(w[1]),
				     hash_purpose(w[2], w[3], w[4])),
			   w[5]);
	else if (strcmp(w[0], "purpose") == 0)
		check_hash(v, hash_purpose(w[1], w[2], w[3]), w[4]);
	else if (strcmp(w[0], "draw") == 0)
		check_hash(v,
			   hash_draw(client_of(w[1], w[2]),
				     hash_purpose(w[3], w[4], w[5])),
			   w[6]);
	else
		fail_msg("line %u: %s", v->line, w[0]);
}

static void test_vectors(void **state)
{
	static struct vectors v;
	const char *srcdir = getenv("SRCDIR");
	char path[4096], line[LINE_MAX_OCTETS];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data/hash-vectors.txt",
		 srcdir == NULL ? "." : srcdir);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		v.line++;
		check_line(&v, line);
	}
	fclose(file);
	assert_true(v.checked > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("hash-vectors", tests, NULL, NULL);
}
