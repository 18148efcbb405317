/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/keygen.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/keys/keyfile.h"
#include "policy/keys/keyring.h"
#include "policy/keys/roll.h"
#include "policy/language/code.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 18,
	OPERANDS_MAX = 256,
	TTL_MS = 3600 * 1000,          /* of DNSKEY: zone.ttl's default */
	MAX_TTL_MS = 24 * 3600 * 1000, /* of services and most zone files */
};

struct request {
	char zone[SCALAR_DOMAIN_SIZE];
	const char *keys, *algorithm, *successor_of, *set;
	const char *times[DNSKEY_TIMES]; /* as written; NULL: not given */
	const char *prepublish, *dnskey_ttl, *max_ttl, *ds_wait;
	bool ksk, zsk, csk, help;
	int64_t now_s;
};

/* clang-format off */
static void fill_rows(struct request *r, struct option_row rows[ROWS])
{
	const struct option_row all[ROWS] = {
		{ "keys", OPTION_TEXT, &r->keys, "DIR",
		  "directory of the zone's key files", 0, 0 },
		{ "algorithm", OPTION_TEXT, &r->algorithm, "WORD",
		  "ecdsap256 (default) or ed25519", 0, 0 },
		{ "csk", OPTION_FLAG, &r->csk, NULL,
		  "one key that signs everything (default)", 0, 0 },
		{ "ksk", OPTION_FLAG, &r->ksk, NULL,
		  "a key that signs the keys", 0, 0 },
		{ "zsk", OPTION_FLAG, &r->zsk, NULL,
		  "a key that signs all the rest", 0, 0 },
		{ "publish", OPTION_TEXT, &r->times[DNSKEY_PUBLISH], "TIME",
		  "when it is shown (default now)", 0, 0 },
		{ "activate", OPTION_TEXT, &r->times[DNSKEY_ACTIVATE], "TIME",
		  "when it begins to sign (default now)", 0, 0 },
		{ "inactive", OPTION_TEXT, &r->times[DNSKEY_INACTIVE], "TIME",
		  "when it signs no more data", 0, 0 },
		{ "delete", OPTION_TEXT, &r->times[DNSKEY_DELETE], "TIME",
		  "when it is shown no more", 0, 0 },
		{ "sync-publish", OPTION_TEXT, &r->times[DNSKEY_SYNC_PUBLISH],
		  "TIME", "when the parent is asked for its DS", 0, 0 },
		{ "sync-delete", OPTION_TEXT, &r->times[DNSKEY_SYNC_DELETE],
		  "TIME", "when it is asked for it no more", 0, 0 },
		{ "successor-of", OPTION_TEXT, &r->successor_of, "FILE",
		  "make the key that takes over from this .key file", 0, 0 },
		{ "prepublish", OPTION_TEXT, &r->prepublish, "T",
		  "with it: shown so long before it signs (default the TTL of "
		  "DNSKEY and an hour)", 0, 0 },
		{ "dnskey-ttl", OPTION_TEXT, &r->dnskey_ttl, "T",
		  "with it: TTL of DNSKEY (default 1h)", 0, 0 },
		{ "max-ttl", OPTION_TEXT, &r->max_ttl, "T",
		  "with it: longest TTL in the zone (default 1d)", 0, 0 },
		{ "ds-wait", OPTION_TEXT, &r->ds_wait, "T",
		  "with it, KSK and CSK: so long after asking for the DS nobody "
		  "has the old one", 0, 0 },
		{ "set", OPTION_TEXT, &r->set, "FILE",
		  "change the times of this .key file and its .private", 0, 0 },
		{ "help", OPTION_FLAG, &r->help, NULL, "print this", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
}
/* clang-format on */

/* "now", "none", "+30d", "20261121083000". */
static bool read_time(const struct request *r, const char *text, int64_t *out,
		      struct error *err)
{
	int64_t ms;

	if (strcmp(text, "none") == 0) {
		*out = 0;
	} else if (strcmp(text, "now") == 0) {
		*out = r->now_s;
	} else if (text[0] == '+' && scalar_duration(text + 1, &ms)) {
		*out = r->now_s + ms / 1000;
	} else if (!dnskey_time_parse(text, out)) {
		error_set(err,
			  "\"%.40s\" is not a time; write now, none, +30d or "
			  "20261121083000 (UTC)",
			  text);
		return false;
	}
	return true;
}

static bool read_duration(const char *option, const char *text,
			  int64_t preset_ms, int64_t *out_s, struct error *err)
{
	int64_t ms = preset_ms;

	if (text != NULL && !scalar_duration(text, &ms)) {
		error_set(err, "--%s \"%.40s\" is not a duration like 12h",
			  option, text);
		return false;
	}
	*out_s = ms / 1000;
	return true;
}

static bool read_times(const struct request *r, int64_t *times_s,
		       struct error *err)
{
	for (size_t i = 0; i < DNSKEY_TIMES; i++)
		if (r->times[i] != NULL &&
		    !read_time(r, r->times[i], &times_s[i], err))
			return false;
	return true;
}

static bool open_key(const struct request *r, const char *path,
		     struct dnskey *key)
{
	struct errors errs = { 0 };
	size_t len = strlen(path);
	bool ok = len > 4 && strcmp(path + len - 4, ".key") == 0;

	if (!ok) {
		*key = (struct dnskey){ 0 };
		errors_add(&errs, CODE_KEY_FILE, (struct place){ .file = path },
			   "is not the name of a .key file");
	} else {
		ok = dnskey_read(key, path, r->zone, &errs);
	}
	errors_print(&errs, stderr);
	errors_fini(&errs);
	return ok;
}

static void print_times(const char *path, const int64_t *times_s)
{
	char text[CLOCK_TEXT_SIZE];

	fprintf(stderr, "%s:\n", path);
	for (size_t i = DNSKEY_PUBLISH; i < DNSKEY_TIMES; i++)
		if (times_s[i] != 0)
			fprintf(stderr, "  %-12s %.19s UTC\n",
				dnskey_time_name((enum dnskey_time)i),
				clock_wall_text(times_s[i] * 1000, text));
}

/* Writes the key; its path to standard output, its times to standard error. */
static bool make(const struct keyfile_wish *wish, struct error *err)
{
	char *path = keyfile_make(wish, err);

	if (path == NULL)
		return false;
	printf("%s\n", path);
	print_times(path, wish->times_s);
	free(path);
	return true;
}

static bool make_first(const struct request *r, struct error *err)
{
	int64_t times_s[DNSKEY_TIMES] = { 0 };
	const struct keyfile_wish wish = {
		.directory = r->keys,
		.zone = r->zone,
		.algorithm = secret_algorithm_of(
			r->algorithm == NULL ? "ecdsap256" : r->algorithm),
		.flags = r->zsk ? DNSKEY_ZSK : DNSKEY_KSK,
		.times_s = times_s,
	};

	if (wish.algorithm == NULL) {
		error_set(err,
			  "algorithm \"%.40s\" is not known; ecdsap256 or "
			  "ed25519",
			  r->algorithm);
		return false;
	}
	times_s[DNSKEY_CREATED] = r->now_s;
	times_s[DNSKEY_PUBLISH] = times_s[DNSKEY_ACTIVATE] = r->now_s;
	return read_times(r, times_s, err) && make(&wish, err);
}

static bool plan_successor(const struct request *r, const struct dnskey *before,
			   int64_t *fresh_s, int64_t *before_s,
			   struct error *err)
{
	struct roll roll = { .before = before, .now_s = r->now_s };
	int64_t ttl_s;

	if (!read_duration("dnskey-ttl", r->dnskey_ttl, TTL_MS, &ttl_s, err) ||
	    !read_duration("prepublish", r->prepublish,
			   (ttl_s + ROLL_MARGIN_S) * 1000, &roll.prepublish_s,
			   err) ||
	    !read_duration("max-ttl", r->max_ttl, MAX_TTL_MS, &roll.max_ttl_s,
			   err) ||
	    !read_duration("ds-wait", r->ds_wait, 0, &roll.ds_wait_s, err))
		return false;
	return roll_plan(&roll, fresh_s, before_s, err);
}

/* A second successor would take over together with the first. */
static bool has_no_successor(const struct request *r,
			     const struct dnskey *before, struct error *err)
{
	struct errors errs = { 0 };
	struct keyring *ring = keyring_open(r->keys, r->zone, &errs);
	bool none = true;

	for (size_t i = 0; ring != NULL && i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];

		if (key->algorithm != before->algorithm ||
		    key->flags != before->flags ||
		    key->times_s[DNSKEY_ACTIVATE] <= r->now_s)
			continue;
		none = false;
		error_set(err,
			  "%s: takes over already; remove it or --set other "
			  "times",
			  key->path);
	}
	keyring_free(ring);
	errors_fini(&errs);
	return none;
}

/* The fresh key first: were the other changed first and this one failed, the
 * zone would be without a key one day. */
static bool make_successor(const struct request *r, struct error *err)
{
	int64_t fresh_s[DNSKEY_TIMES], before_s[DNSKEY_TIMES];
	struct dnskey before;
	struct keyfile_wish wish = {
		.directory = r->keys,
		.zone = r->zone,
		.times_s = fresh_s,
	};
	bool ok = open_key(r, r->successor_of, &before);

	if (!ok)
		error_set(err, "%s cannot have a successor", r->successor_of);
	wish.algorithm = secret_algorithm(before.algorithm);
	wish.flags = before.flags;
	ok = ok && plan_successor(r, &before, fresh_s, before_s, err) &&
	     has_no_successor(r, &before, err) && make(&wish, err) &&
	     keyfile_set_times(r->successor_of, before_s, err);
	if (ok)
		print_times(r->successor_of, before_s);
	if (ok && before.flags == DNSKEY_KSK && before_s[DNSKEY_DELETE] == 0)
		fprintf(stderr,
			"When the parent has the new DS (windrose ds) and the "
			"TTL of the old one has passed:\n"
			"  windrose keygen %s --set %s --delete +1d\n",
			r->zone, r->successor_of);
	dnskey_fini(&before);
	return ok;
}

static bool change(const struct request *r, struct error *err)
{
	int64_t times_s[DNSKEY_TIMES];
	struct dnskey key;
	bool ok = open_key(r, r->set, &key);

	memcpy(times_s, key.times_s, sizeof(times_s));
	if (!ok)
		error_set(err, "%s is not changed", r->set);
	ok = ok && read_times(r, times_s, err) &&
	     keyfile_set_times(r->set, times_s, err);
	if (ok)
		print_times(r->set, times_s);
	dnskey_fini(&key);
	return ok;
}

static bool has_times(const struct request *r)
{
	for (size_t i = 0; i < DNSKEY_TIMES; i++)
		if (r->times[i] != NULL)
			return true;
	return false;
}

/* What does not go together; NULL when all is well. */
static const char *misfit(const struct request *r)
{
	bool shape = r->ksk || r->zsk || r->csk || r->algorithm != NULL;
	bool rolling = r->prepublish != NULL || r->dnskey_ttl != NULL ||
		       r->max_ttl != NULL || r->ds_wait != NULL;

	if (r->ksk + r->zsk + r->csk > 1)
		return "give one of --csk, --ksk and --zsk";
	if (r->set != NULL && (r->successor_of != NULL || shape || rolling))
		return "--set goes with times alone";
	if (r->set != NULL && !has_times(r))
		return "--set needs a time to set";
	if (r->set == NULL && r->keys == NULL)
		return "give --keys DIR";
	if (r->successor_of != NULL && (shape || has_times(r)))
		return "a successor has the kind of its predecessor, and times "
		       "that are worked out; change them with --set";
	if (r->successor_of == NULL && rolling)
		return "--prepublish, --dnskey-ttl, --max-ttl and --ds-wait go "
		       "with --successor-of";
	return NULL;
}

static int print_usage(const struct option_row *rows, FILE *out)
{
	fprintf(out,
		"usage: windrose keygen ZONE --keys DIR [options]\n"
		"       windrose keygen ZONE --keys DIR --successor-of FILE\n"
		"       windrose keygen ZONE --set FILE --delete +1d\n"
		"TIME is now, none, +30d or 20261121083000 (UTC).\n");
	option_print(rows, ROWS, out);
	return out == stdout ? 0 : 2;
}

/* The command line but for what its parts mean; false with err set. */
static bool read_request(struct request *r, const struct option_row *rows,
			 int argc, char **argv, struct error *err)
{
	const char *operands[OPERANDS_MAX];
	const char *what;
	int count;

	if (argc > OPERANDS_MAX) {
		error_set(err, "more than %d words", OPERANDS_MAX);
		return false;
	}
	count = option_parse(rows, ROWS, argc, argv, operands, err);
	if (count < 0 || r->help)
		return count >= 0;
	what = misfit(r);
	if (count != 1 || !scalar_domain(operands[0], r->zone))
		what = "give one zone, like gslb.example.com";
	if (what != NULL)
		error_set(err, "%s", what);
	return what == NULL;
}

int keygen_run(int argc, char **argv)
{
	struct request r = { .now_s = clock_wall_ms() / 1000 };
	struct option_row rows[ROWS];
	struct error err;
	bool ok;

	fill_rows(&r, rows);
	if (!read_request(&r, rows, argc, argv, &err)) {
		fprintf(stderr, "windrose keygen: %s\n", err.text);
		return print_usage(rows, stderr);
	}
	if (r.help)
		return print_usage(rows, stdout);
	if (r.set != NULL)
		ok = change(&r, &err);
	else if (r.successor_of != NULL)
		ok = make_successor(&r, &err);
	else
		ok = make_first(&r, &err);
	if (!ok)
		fprintf(stderr, "windrose keygen: %s\n", err.text);
	return ok ? 0 : 1;
}
