/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/ring.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/log.h"
#include "policy/bus/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

enum { FILES = 1 + RING_GOOD, NAME_SIZE = 64 };

static const char number_name[] = "ring-generation";

struct identity {
	unsigned char octets[SHA256_DIGEST_LENGTH];
};

/* What one file holds. */
struct generation {
	char *path;
	struct keep *keep; /* NULL: nothing that reads, or read no longer */
	uint64_t number;   /* 0: none, or on trial */
	struct identity identity;
};

struct ring {
	struct ring_config config; /* but for path */
	struct generation files[FILES];
	char *tries_path;
	struct keep *none;   /* an empty one */
	struct keep *tries;  /* as on disk */
	size_t order[FILES]; /* those that read, newest first */
	size_t count, at;    /* at == count: nothing to start from */
	bool tried;          /* this start stands in tries */
	bool saved;          /* at least once */
	int64_t started_ms;  /* the first save */
	int64_t since_ms;    /* soaking is served since then */
	struct identity soaking;
};

static bool is_passing(const struct ring *ring, const char *name)
{
	const char *const *passing = ring->config.passing;

	if (strcmp(name, number_name) == 0)
		return true;
	for (; passing != NULL && *passing != NULL; passing++)
		if (strncmp(name, *passing, strlen(*passing)) == 0)
			return true;
	return false;
}

struct identifying {
	const struct ring *ring;
	struct identity sum;
};

/* The sum of digests, so that the order of values is nothing. */
static void identify_one(void *arg, const char *name, const char *octets,
			 size_t len)
{
	struct identifying *i = arg;
	unsigned char digests[2 * SHA256_DIGEST_LENGTH];
	struct identity both;

	if (is_passing(i->ring, name))
		return;
	SHA256((const unsigned char *)name, strlen(name), digests);
	SHA256((const unsigned char *)octets, len,
	       digests + SHA256_DIGEST_LENGTH);
	SHA256(digests, sizeof(digests), both.octets);
	for (size_t o = 0; o < sizeof(both.octets); o++)
		i->sum.octets[o] ^= both.octets[o];
}

static struct identity identify(const struct ring *ring,
				const struct keep *keep)
{
	struct identifying i = { .ring = ring };

	keep_each(keep, identify_one, &i);
	return i.sum;
}

static bool same(const struct identity *a, const struct identity *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void tell(const struct ring *ring, const char *event, const char *path,
		 const char *why)
{
	char file[300], quoted[300];

	log_event(LOG_LEVEL_WARN, ring->config.part, event, "file=%s error=%s",
		  log_quote(path, file, sizeof(file)),
		  log_quote(why, quoted, sizeof(quoted)));
}

static uint64_t number_in(const struct keep *keep)
{
	size_t len;
	const char *text = keep_get(keep, number_name, &len);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* Damage is set aside by keep_load(), and the next file is tried. */
static void read_file(struct ring *ring, size_t i)
{
	struct generation *g = &ring->files[i];
	struct error err = { .text = "" };

	g->keep = keep_load(g->path, &err);
	if (g->keep == NULL) {
		tell(ring, "keep-damaged", g->path, err.text);
		return;
	}
	if (keep_count(g->keep) == 0) {
		keep_free(g->keep);
		g->keep = NULL;
		return;
	}
	g->identity = identify(ring, g->keep);
	g->number = i == 0 ? 0 : number_in(g->keep);
	ring->order[ring->count++] = i;
}

/* FILE first, then by number; there are four. */
static void sort_files(struct ring *ring)
{
	size_t from = ring->count > 0 && ring->order[0] == 0;

	for (size_t i = from; i < ring->count; i++)
		for (size_t j = i; j > from; j--) {
			size_t *a = &ring->order[j - 1], *b = &ring->order[j];
			size_t older = *a;

			if (ring->files[*a].number >= ring->files[*b].number)
				break;
			*a = *b;
			*b = older;
		}
}

/* Under which name the starts from a file are counted. */
static void name_tries(const struct generation *g, char name[NAME_SIZE])
{
	size_t at =
		(size_t)snprintf(name, NAME_SIZE, "%" PRIu64 ":", g->number);

	for (size_t i = 0; i < 16; i++)
		at += (size_t)snprintf(name + at, NAME_SIZE - at, "%02x",
				       g->identity.octets[i]);
}

static unsigned tries_of(const struct ring *ring, const struct generation *g)
{
	char name[NAME_SIZE];
	const char *text;
	size_t len;

	name_tries(g, name);
	text = keep_get(ring->tries, name, &len);
	return text == NULL ? 0 : (unsigned)strtoul(text, NULL, 10);
}

static const struct generation *current(const struct ring *ring)
{
	return &ring->files[ring->order[ring->at]];
}

static void pass_over(struct ring *ring, const char *event, const char *why)
{
	tell(ring, event, current(ring)->path, why);
	ring->at++;
}

/* How many of the newest have brought down too many starts. */
static size_t count_harmful(const struct ring *ring)
{
	size_t i = 0;

	while (i < ring->count &&
	       tries_of(ring, &ring->files[ring->order[i]]) >= RING_TRIES_MAX)
		i++;
	return i;
}

/* This start counts as brought down until it has shown that it is not. */
static void note_try(struct ring *ring)
{
	char name[NAME_SIZE], text[16];
	struct error err = { .text = "out of memory" };

	name_tries(current(ring), name);
	snprintf(text, sizeof(text), "%u", tries_of(ring, current(ring)) + 1);
	ring->tried = keep_set(ring->tries, name, text, strlen(text)) &&
		      keep_save(ring->tries, ring->tries_path, &err);
	if (!ring->tried)
		tell(ring, "keep-tries", ring->tries_path, err.text);
}

/*
 * FILE will be written over: who wants to know what it was finds it there.
 * Only when there is something else to go on with, lest all be refused for
 * what is wrong elsewhere, a key that is not trusted.
 */
static void set_newest_aside(const struct ring *ring)
{
	const char *path = ring->files[0].path;
	char aside[4096];

	if (ring->order[0] == 0 && ring->at > 0 &&
	    snprintf(aside, sizeof(aside), "%s.refused", path) <
		    (int)sizeof(aside))
		(void)rename(path, aside);
}

/* This start is from the current one, if there is any. */
static void begin(struct ring *ring)
{
	char file[300];

	if (ring->at == ring->count)
		return;
	set_newest_aside(ring);
	note_try(ring);
	log_event(ring->order[ring->at] == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  ring->config.part, "keep",
		  "from=%s generation=%" PRIu64 " of=%zu",
		  log_quote(current(ring)->path, file, sizeof(file)),
		  current(ring)->number, ring->count);
}

static void choose(struct ring *ring)
{
	size_t harmful = count_harmful(ring);

	if (ring->count > 0 && harmful == ring->count) {
		tell(ring, "keep-tried", ring->files[0].path,
		     "the last starts from every generation were cut short; "
		     "the newest is not to blame alone");
		keep_free(ring->tries);
		ring->tries = keep_new();
		harmful = 0;
	}
	while (ring->at < harmful)
		pass_over(ring, "keep-passed-over",
			  "the last starts from it were cut short");
	if (ring->tries != NULL)
		begin(ring);
}

static char *name_file(const char *path, const char *ending)
{
	size_t size = strlen(path) + strlen(ending) + 1;
	char *name = malloc(size);

	if (name != NULL)
		snprintf(name, size, "%s%s", path, ending);
	return name;
}

static bool name_files(struct ring *ring, const char *path)
{
	bool ok = true;

	for (size_t i = 0; i < FILES; i++) {
		char ending[8] = "";

		if (i > 0)
			snprintf(ending, sizeof(ending), ".%zu", i);
		ring->files[i].path = name_file(path, ending);
		ok &= ring->files[i].path != NULL;
	}
	ring->tries_path = name_file(path, ".tries");
	return ok && ring->tries_path != NULL;
}

static struct keep *read_tries(struct ring *ring)
{
	struct error err = { .text = "" };
	struct keep *tries = keep_load(ring->tries_path, &err);

	if (tries != NULL)
		return tries;
	tell(ring, "keep-damaged", ring->tries_path, err.text);
	return keep_new();
}

struct ring *ring_open(const struct ring_config *config, struct error *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		goto fail;
	ring->config = *config;
	ring->config.path = NULL;
	if (config->soak_ms == 0)
		ring->config.soak_ms = INT64_C(1000) * RING_SOAK_S;
	ring->none = keep_new();
	if (ring->none == NULL || !name_files(ring, config->path))
		goto fail;
	ring->tries = read_tries(ring);
	if (ring->tries == NULL)
		goto fail;
	for (size_t i = 0; i < FILES; i++)
		read_file(ring, i);
	sort_files(ring);
	choose(ring);
	if (ring->tries != NULL)
		return ring;
fail:
	error_set(err, "%s: out of memory", config->path);
	ring_free(ring);
	return NULL;
}

const struct keep *ring_read(const struct ring *ring)
{
	return ring->at < ring->count ? current(ring)->keep : ring->none;
}

/* One that is the same in all that lasts would be refused as well. */
const struct keep *ring_older(struct ring *ring, const char *why)
{
	struct identity refused;

	if (ring->at == ring->count)
		return NULL;
	refused = current(ring)->identity;
	pass_over(ring, "keep-refused", why);
	while (ring->at < ring->count &&
	       same(&current(ring)->identity, &refused))
		pass_over(ring, "keep-refused", why);
	if (ring->at == ring->count)
		return NULL;
	begin(ring);
	return current(ring)->keep;
}

/* The newest good one; 0: there is none. */
static size_t newest_good(const struct ring *ring)
{
	size_t newest = 0;

	for (size_t i = 1; i < FILES; i++)
		if (ring->files[i].number > ring->files[newest].number)
			newest = i;
	return newest;
}

static size_t oldest(const struct ring *ring)
{
	size_t at = 1;

	for (size_t i = 2; i < FILES; i++)
		if (ring->files[i].number < ring->files[at].number)
			at = i;
	return at;
}

/* Is the newest good one the generation that soaks? */
static bool is_good(const struct ring *ring)
{
	size_t newest = newest_good(ring);

	return newest != 0 &&
	       same(&ring->files[newest].identity, &ring->soaking);
}

/* Without passing values, what is on disk of it is all there is to it. */
static bool is_kept(const struct ring *ring)
{
	return ring->config.passing == NULL && is_good(ring);
}

static bool number_keep(struct keep *keep, uint64_t number, struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (keep_set(keep, number_name, text, strlen(text)))
		return true;
	error_set(err, "out of memory for the last known good");
	return false;
}

/* In place of the same generation, or of the oldest. */
static bool promote(struct ring *ring, struct keep *keep, struct error *err)
{
	size_t newest = newest_good(ring);
	bool again = is_good(ring);
	struct generation *to = &ring->files[again ? newest : oldest(ring)];
	uint64_t number = ring->files[newest].number + !again;

	if (!number_keep(keep, number, err) || !keep_save(keep, to->path, err))
		return false;
	to->number = number;
	to->identity = ring->soaking;
	if (!again)
		log_event(LOG_LEVEL_INFO, ring->config.part, "keep-good",
			  "generation=%" PRIu64, number);
	return true;
}

static void free_reads(struct ring *ring)
{
	for (size_t i = 0; i < FILES; i++) {
		keep_free(ring->files[i].keep);
		ring->files[i].keep = NULL;
	}
	ring->at = ring->count = 0;
}

static bool is_over(const struct ring *ring, int64_t since_ms, int64_t now_ms)
{
	return now_ms - since_ms >= ring->config.soak_ms;
}

bool ring_save(struct ring *ring, struct keep *keep, int64_t now_ms,
	       struct error *err)
{
	struct identity identity = identify(ring, keep);

	free_reads(ring);
	if (!ring->saved)
		ring->started_ms = now_ms;
	if (!keep_save(keep, ring->files[0].path, err))
		return false;
	if (!ring->saved || !same(&identity, &ring->soaking))
		ring->since_ms = now_ms;
	ring->saved = true;
	ring->soaking = identity;
	if (ring->tried && is_over(ring, ring->started_ms, now_ms))
		ring_rest(ring);
	if (!is_over(ring, ring->since_ms, now_ms))
		return true;
	ring->since_ms = now_ms;
	return is_kept(ring) || promote(ring, keep, err);
}

void ring_doubt(struct ring *ring, int64_t now_ms)
{
	ring->since_ms = now_ms;
}

bool ring_is_due(const struct ring *ring, int64_t now_ms)
{
	if (!ring->saved)
		return false;
	return (ring->tried && is_over(ring, ring->started_ms, now_ms)) ||
	       (!is_kept(ring) && is_over(ring, ring->since_ms, now_ms));
}

void ring_rest(struct ring *ring)
{
	struct error err;

	if (!ring->tried)
		return;
	ring->tried = false;
	keep_free(ring->tries);
	ring->tries = NULL;
	if (!file_remove(ring->tries_path, &err))
		tell(ring, "keep-tries", ring->tries_path, err.text);
}

void ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < FILES; i++) {
		keep_free(ring->files[i].keep);
		free(ring->files[i].path);
	}
	keep_free(ring->tries);
	keep_free(ring->none);
	free(ring->tries_path);
	free(ring);
}
