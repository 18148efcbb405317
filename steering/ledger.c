/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/ledger.h"

#include "policy/base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

enum {
	HEX_LEN = LEDGER_HASH_SIZE - 1,
	/* ,"sum":"<64>"} */
	SUM_LEN = 8 + HEX_LEN + 2,
	DIGITS_MAX = 19, /* of a number below 2^63 */
};

struct ledger ledger_start(void)
{
	struct ledger ledger = { .n = 0 };

	memset(ledger.hash, '0', HEX_LEN);
	return ledger;
}

bool ledger_hash(const char *line, size_t len, char hash[LEDGER_HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(line, len, digest, &size, EVP_sha256(), NULL) != 1)
		return false;
	for (unsigned i = 0; i < HEX_LEN / 2; i++)
		snprintf(hash + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

char *ledger_write(const struct ledger *last, const struct json_t *event,
		   size_t *len, struct ledger *next, struct error *err)
{
	char *text = json_dumps(event, JSON_COMPACT);
	size_t room = 200 + SUM_LEN + (text == NULL ? 0 : strlen(text));
	char *line = text == NULL ? NULL : malloc(room);
	char sum[LEDGER_HASH_SIZE];
	int at = 0;

	error_set(err, "out of memory");
	if (line != NULL)
		at = snprintf(line, room,
			      "{\"n\":%" PRIu64 ",\"prev\":\"%s\",\"event\":%s",
			      last->n + 1, last->hash, text);
	free(text);
	if (line == NULL || !ledger_hash(line, (size_t)at, sum)) {
		free(line);
		return NULL;
	}
	at += snprintf(line + at, room - (size_t)at, ",\"sum\":\"%s\"}", sum);
	if (at >= LEDGER_LINE_MAX ||
	    !ledger_hash(line, (size_t)at, next->hash)) {
		if (at >= LEDGER_LINE_MAX)
			error_set(err, "the event is too long");
		free(line);
		return NULL;
	}
	next->n = last->n + 1;
	*len = (size_t)at;
	return line;
}

/* Text at the front of *at, which moves behind it. */
static bool skip(const char **at, size_t *len, const char *text)
{
	size_t want = strlen(text);

	if (*len < want || memcmp(*at, text, want) != 0)
		return false;
	*at += want;
	*len -= want;
	return true;
}

static bool take_number(const char **at, size_t *len, uint64_t *out)
{
	size_t digits = 0;

	*out = 0;
	while (digits < *len && digits <= DIGITS_MAX && (*at)[digits] >= '0' &&
	       (*at)[digits] <= '9')
		*out = *out * 10 + (uint64_t)((*at)[digits++] - '0');
	*at += digits;
	*len -= digits;
	return digits > 0 && digits < DIGITS_MAX;
}

static bool take_hash(const char **at, size_t *len, char out[LEDGER_HASH_SIZE])
{
	if (*len < HEX_LEN)
		return false;
	for (size_t i = 0; i < HEX_LEN; i++)
		if (memchr("0123456789abcdef", (*at)[i], 16) == NULL)
			return false;
	memcpy(out, *at, HEX_LEN);
	out[HEX_LEN] = '\0';
	*at += HEX_LEN;
	*len -= HEX_LEN;
	return true;
}

static bool take_apart(const char *line, size_t len, struct ledger_line *out)
{
	const char *at = line, *end;
	char sum[LEDGER_HASH_SIZE], said[LEDGER_HASH_SIZE];
	size_t left = len, tail = SUM_LEN;

	if (!skip(&at, &left, "{\"n\":") || !take_number(&at, &left, &out->n) ||
	    !skip(&at, &left, ",\"prev\":\"") ||
	    !take_hash(&at, &left, out->prev) ||
	    !skip(&at, &left, "\",\"event\":") || left < SUM_LEN)
		return false;
	end = line + len - SUM_LEN;
	return skip(&end, &tail, ",\"sum\":\"") &&
	       take_hash(&end, &tail, said) && skip(&end, &tail, "\"}") &&
	       ledger_hash(line, len - SUM_LEN, sum) &&
	       strcmp(sum, said) == 0 && ledger_hash(line, len, out->hash);
}

bool ledger_parse(const char *line, size_t len, struct ledger_line *out,
		  struct error *err)
{
	struct ledger_line found;

	if (len >= LEDGER_LINE_MAX || !take_apart(line, len, &found)) {
		error_set(err, "was altered");
		return false;
	}
	*out = found;
	return true;
}

bool ledger_follow(struct ledger *ledger, const struct ledger_line *line,
		   struct error *err)
{
	bool first = ledger->n == 0;

	if (!first && line->n != ledger->n + 1) {
		error_set(err,
			  "has number %" PRIu64 " and follows number %" PRIu64
			  "%s",
			  line->n, ledger->n,
			  line->n > ledger->n ? ": lines are missing" : "");
		return false;
	}
	if (!first && strcmp(line->prev, ledger->hash) != 0) {
		error_set(err, "was not written after the line before it");
		return false;
	}
	if (line->n == 0 ||
	    (line->n == 1 && strspn(line->prev, "0") != HEX_LEN)) {
		error_set(err, "is no beginning");
		return false;
	}
	ledger->n = line->n;
	memcpy(ledger->hash, line->hash, sizeof(ledger->hash));
	return true;
}

void ledger_write_head(const struct ledger *head,
		       char text[LEDGER_HEAD_LEN + 1])
{
	snprintf(text, LEDGER_HEAD_LEN + 1, "%020" PRIu64 " %s\n", head->n,
		 head->hash);
}

/* As it is written, or "N:HASH" as people write it. */
bool ledger_parse_head(const char *text, size_t len, struct ledger *out)
{
	struct ledger head;

	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	if (!take_number(&text, &len, &head.n) ||
	    (!skip(&text, &len, " ") && !skip(&text, &len, ":")) ||
	    !take_hash(&text, &len, head.hash))
		return false;
	if (len > 1 || (len == 1 && *text != '\n'))
		return false;
	*out = head;
	return true;
}
