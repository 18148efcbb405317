/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/custody.h"

#include "policy/base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

enum {
	HEX_LEN = CUSTODY_HASH_SIZE - 1,
	/* ,"sum":"<64>"} */
	SUM_LEN = 8 + HEX_LEN + 2,
	DIGITS_MAX = 19, /* of a number below 2^63 */
};

struct custody custody_start(void)
{
	struct custody custody = { .n = 0 };

	memset(custody.hash, '0', HEX_LEN);
	return custody;
}

bool custody_hash(const char *line, size_t len, char hash[CUSTODY_HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(line, len, digest, &size, EVP_sha256(), NULL) != 1)
		return false;
	for (unsigned i = 0; i < HEX_LEN / 2; i++)
		snprintf(hash + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

char *custody_write(const struct custody *last, const struct json_t *event,
		    size_t *len, struct custody *next, struct error *err)
{
	char *text = json_dumps(event, JSON_COMPACT);
	size_t room = 200 + SUM_LEN + (text == NULL ? 0 : strlen(text));
	char *line = text == NULL ? NULL : malloc(room);
	char sum[CUSTODY_HASH_SIZE];
	int at = 0;

	error_set(err, "out of memory");
	if (line != NULL)
		at = snprintf(line, room,
			      "{\"n\":%" PRIu64 ",\"prev\":\"%s\",\"event\":%s",
			      last->n + 1, last->hash, text);
	free(text);
	if (line == NULL || !custody_hash(line, (size_t)at, sum)) {
		free(line);
		return NULL;
	}
	at += snprintf(line + at, room - (size_t)at, ",\"sum\":\"%s\"}", sum);
	if (at >= CUSTODY_LINE_MAX ||
	    !custody_hash(line, (size_t)at, next->hash)) {
		if (at >= CUSTODY_LINE_MAX)
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

static bool take_hash(const char **at, size_t *len, char out[CUSTODY_HASH_SIZE])
{
	if (*len < HEX_LEN)
		return false;
	memcpy(out, *at, HEX_LEN);
	out[HEX_LEN] = '\0';
	if (strspn(out, "0123456789abcdef") != HEX_LEN)
		return false;
	*at += HEX_LEN;
	*len -= HEX_LEN;
	return true;
}

static bool take_apart(const char *line, size_t len, struct custody_line *out)
{
	const char *at = line, *end;
	char sum[CUSTODY_HASH_SIZE], said[CUSTODY_HASH_SIZE];
	size_t left = len, tail = SUM_LEN;

	if (!skip(&at, &left, "{\"n\":") || !take_number(&at, &left, &out->n) ||
	    !skip(&at, &left, ",\"prev\":\"") ||
	    !take_hash(&at, &left, out->prev) ||
	    !skip(&at, &left, "\",\"event\":") || left < SUM_LEN)
		return false;
	end = line + len - SUM_LEN;
	return skip(&end, &tail, ",\"sum\":\"") &&
	       take_hash(&end, &tail, said) && skip(&end, &tail, "\"}") &&
	       custody_hash(line, len - SUM_LEN, sum) &&
	       strcmp(sum, said) == 0 && custody_hash(line, len, out->hash);
}

bool custody_parse(const char *line, size_t len, struct custody_line *out,
		   struct error *err)
{
	struct custody_line found;

	if (len >= CUSTODY_LINE_MAX || !take_apart(line, len, &found)) {
		error_set(err, "was altered");
		return false;
	}
	*out = found;
	return true;
}

bool custody_follow(struct custody *custody, const struct custody_line *line,
		    struct error *err)
{
	bool first = custody->n == 0;

	if (!first && line->n != custody->n + 1) {
		error_set(err,
			  "has number %" PRIu64 " and follows number %" PRIu64
			  "%s",
			  line->n, custody->n,
			  line->n > custody->n ? ": lines are missing" : "");
		return false;
	}
	if (!first && strcmp(line->prev, custody->hash) != 0) {
		error_set(err, "was not written after the line before it");
		return false;
	}
	if (line->n == 0 ||
	    (line->n == 1 && strspn(line->prev, "0") != HEX_LEN)) {
		error_set(err, "is no beginning");
		return false;
	}
	custody->n = line->n;
	memcpy(custody->hash, line->hash, sizeof(custody->hash));
	return true;
}

void custody_write_head(const struct custody *head,
			char text[CUSTODY_HEAD_LEN + 1])
{
	snprintf(text, CUSTODY_HEAD_LEN + 1, "%020" PRIu64 " %s\n", head->n,
		 head->hash);
}

/* As it is written, or "N:HASH" as people write it. */
bool custody_parse_head(const char *text, size_t len, struct custody *out)
{
	struct custody head;

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
