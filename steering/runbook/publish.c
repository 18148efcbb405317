/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/publish.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/bus/bundles.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/review/check.h"
#include "policy/review/diff.h"
#include "policy/review/prove.h"
#include "policy/review/shift.h"
#include "policy/review/test.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/rollout.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { FETCH_MS = 10000, EXPECT_LEAST = 12, SHOWN = 16 };

struct publish {
	struct order order; /* where to, who, why */
	const char *path, *expect, *against;
	bool force, may_silence, no_wait;
	/* What is published; owned. */
	struct policy *policy;
	char *bundle;
	size_t len;
	/* What is served, to compare with. */
	char folder[64];         /* temporary; "": none */
	struct bundles *bundles; /* in it; NULL: none */
	char base[BUNDLE_DIGEST_SIZE];
};

static int complain(const struct error *err, int status)
{
	char line[4600];

	fprintf(stderr, "windrose publish: %s\n",
		error_line(err, line, sizeof(line)));
	return status;
}

static int refuse(const char *why)
{
	fprintf(stderr, "windrose publish: refused: %s\n", why);
	return EXIT_REFUSED;
}

static int read_files(struct publish *p)
{
	struct arena *arena = arena_new();
	struct sources sources = { .arena = arena };
	struct errors errs = { 0 };
	struct error err = { .text = "out of memory" };

	if (arena == NULL)
		return complain(&err, EXIT_FAILED);
	sources_gather(&sources, p->path, &errs);
	p->policy = load_policy(&sources, p->path, &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (p->policy == NULL) {
		fprintf(stderr, "windrose publish: %s does not load\n",
			p->path);
		return EXIT_FAILED;
	}
	p->bundle = bundle_write(&sources, &p->len, &err);
	return p->bundle == NULL ? complain(&err, EXIT_FAILED) : EXIT_DONE;
}

/* The digest that was reviewed, or so much of it as reviews show. */
static int check_expected(const struct publish *p)
{
	size_t len = p->expect == NULL ? 0 : strlen(p->expect);
	char why[340];

	if (p->expect == NULL)
		return EXIT_DONE;
	if (len >= EXPECT_LEAST &&
	    strncmp(p->expect, p->policy->digest, len) == 0)
		return EXIT_DONE;
	snprintf(why, sizeof(why),
		 "%.100s has the digest %s; what was reviewed has %.70s%s",
		 p->path, p->policy->digest, p->expect,
		 len < EXPECT_LEAST ? " (12 digits of it at least)" : "");
	return refuse(why);
}

/* The review commands print: not among what --json prints. */
static int review(int (*run)(int argc, char **argv), const char *const *words)
{
	const char *args[4];
	int count = 0, saved, status;

	while (count < 3 && words[count] != NULL) {
		args[count] = words[count];
		count++;
	}
	args[count] = NULL;
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	if (saved < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return EXIT_FAILED;
	status = run(count, (char **)(uintptr_t)args);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

/* Mistakes are never sent; what tests and proofs say can be set aside. */
static int review_all(const struct publish *p)
{
	static const struct stage {
		const char *name;
		int (*run)(int argc, char **argv);
		bool yields;
	} stages[] = {
		{ "check", review_check, false },
		{ "test", review_test, true },
		{ "prove", review_prove, true },
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		const struct stage *s = &stages[i];
		const char *const words[] = { s->name, p->path, NULL };
		char why[160];

		if (review(s->run, words) == 0)
			continue;
		snprintf(why, sizeof(why), "windrose %s finds what is above%s",
			 s->name, s->yields ? "; --force sets it aside" : "");
		if (!s->yields || !p->force)
			return refuse(why);
		fprintf(stderr, "windrose publish: forced: %s\n", why);
	}
	return EXIT_DONE;
}

static void close_base(struct publish *p)
{
	if (p->bundles != NULL)
		bundles_drop(p->bundles, p->base);
	bundles_free(p->bundles);
	if (p->folder[0] != '\0')
		rmdir(p->folder);
}

/* What all serve, off the bus, into a folder of our own. */
static bool fetch_base(struct publish *p, struct link *link, struct error *err)
{
	size_t len;
	char *octets = link_fetch_bundle(link, p->base, FETCH_MS, &len, err);
	bool ok = false;

	if (octets == NULL)
		return false;
	strcpy(p->folder, "/tmp/windrose-publish-XXXXXX");
	if (mkdtemp(p->folder) == NULL) {
		error_set(err, "%s cannot be made", p->folder);
		p->folder[0] = '\0';
	} else {
		p->bundles = bundles_open(p->folder, err);
		ok = p->bundles != NULL &&
		     bundles_take(p->bundles, p->base, octets, len, err);
	}
	free(octets);
	return ok;
}

/* Do all responders serve this very policy, from files, already? */
static bool is_served(const struct publish *p, const struct json_t *nodes)
{
	struct json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		const char *digest =
			json_string_value(json_object_get(node, "digest"));

		if (digest == NULL || strcmp(digest, p->policy->digest) != 0)
			return false;
	}
	return json_array_size(nodes) > 0;
}

/* Where what is served is, in buf; "" when nobody moves; NULL, and why. */
static const char *find_base(struct publish *p, struct link *link,
			     char buf[BUNDLES_PATH_SIZE], int *status)
{
	struct json_t *answer = rollout_ask(link, status);
	const struct json_t *release = json_object_get(answer, "release");
	const char *base = json_string_value(json_object_get(release, "base"));
	const char *found = NULL;
	struct error err;

	if (answer == NULL)
		return NULL;
	snprintf(p->base, sizeof(p->base), "%s", base == NULL ? "" : base);
	if (p->against != NULL)
		found = p->against;
	else if (p->base[0] != '\0' && fetch_base(p, link, &err))
		found = bundles_path(p->bundles, p->base, buf);
	else if (p->base[0] != '\0')
		*status = complain(&err, EXIT_FAILED);
	else if (is_served(p, json_object_get(answer, "nodes")))
		found = "";
	else
		*status = refuse("nothing was published before, so what is "
				 "served is not on the bus; show it with "
				 "--against DIR");
	json_decref(answer);
	return found;
}

/* The policy that is served says how much a change may move. */
static int guard(const struct publish *p, const char *base)
{
	struct errors errs = { 0 };
	struct policy *served = policy_load(base, &errs);
	uint32_t max_pct =
		(served == NULL ? p->policy : served)->rollout.max_change_pct;
	struct shift shift;
	char why[400];

	errors_fini(&errs);
	policy_free(served);
	if (!shift_find(base, p->path, &shift))
		return EXIT_FAILED;
	if (shift.pct <= max_pct)
		return EXIT_DONE;
	snprintf(why, sizeof(why),
		 "%.4g%% of the clients of %.100s move; rollout.max_change is "
		 "%u%%; --force sends it all the same",
		 shift.pct, shift.service, max_pct);
	if (!p->force)
		return refuse(why);
	fprintf(stderr, "windrose publish: forced: %s\n", why);
	return EXIT_DONE;
}

static int show_effect(struct publish *p, struct link *link)
{
	char buf[BUNDLES_PATH_SIZE];
	int status = EXIT_DONE;
	const char *base = find_base(p, link, buf, &status);
	const char *words[] = { "diff", base, p->path, NULL };

	if (base == NULL)
		return status;
	if (*base == '\0') {
		fprintf(stderr, "All responders serve it from their own files "
				"already: nobody moves.\n");
		return EXIT_DONE;
	}
	/* Proofs of it were judged before. */
	review(review_diff, words);
	return guard(p, base);
}

static bool confirmed(const struct publish *p)
{
	char line[16];

	if (p->order.yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "windrose: not a terminal; say --yes to do it "
				"without being asked\n");
		return false;
	}
	fprintf(stderr, "Publish policy %.*s? [y/N] ", SHOWN,
		p->policy->digest);
	return fgets(line, sizeof(line), stdin) != NULL &&
	       (line[0] == 'y' || line[0] == 'Y');
}

/* Reviews read the files for themselves: is what they read what is sent? */
static bool is_still(const struct publish *p)
{
	struct errors errs = { 0 };
	struct policy *now = policy_load(p->path, &errs);
	bool same = now != NULL && strcmp(now->digest, p->policy->digest) == 0;

	errors_fini(&errs);
	policy_free(now);
	return same;
}

static int send_out(struct publish *p, struct link *link)
{
	const char *digest = p->policy->digest;
	const struct rollout_wish wish = { digest, p->force, p->may_silence };
	struct error err;
	int status;

	if (!is_still(p))
		return refuse("its files changed while it was reviewed");
	if (!link_put_bundle(link, digest, p->bundle, p->len, &err))
		return complain(&err, EXIT_FAILED);
	status = rollout_send(link, &p->order, &wish);
	if (status != EXIT_DONE)
		return status;
	if (!p->no_wait)
		return rollout_follow(link, &p->order, digest);
	printf("policy %.*s is on its way; see windrose rollout status\n",
	       SHOWN, digest);
	return EXIT_DONE;
}

static int publish(struct publish *p)
{
	struct link *link;
	int status = read_files(p);

	if (status == EXIT_DONE)
		status = check_expected(p);
	if (status == EXIT_DONE)
		status = review_all(p);
	if (status != EXIT_DONE)
		return status;
	status = change_open(&p->order, &link);
	if (status != EXIT_DONE)
		return status;
	status = show_effect(p, link);
	if (status == EXIT_DONE && !p->order.dry_run)
		status = confirmed(p) ? send_out(p, link) : EXIT_UNCONFIRMED;
	link_free(link);
	return status;
}

static size_t fill_rows(struct publish *p, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "bus", OPTION_TEXT, &p->order.bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "key", OPTION_TEXT, &p->order.key, "PEM",
		  "your private key (WINDROSE_KEY)", 0, 0 },
		{ "author", OPTION_TEXT, &p->order.author, "NAME",
		  "who you are (default your login)", 0, 0 },
		{ "reason", OPTION_TEXT, &p->order.reason, "TEXT",
		  "why; it is in the history", 0, 0 },
		{ "expect", OPTION_TEXT, &p->expect, "DIGEST",
		  "refuse any other policy than the one that was reviewed", 0,
		  0 },
		{ "against", OPTION_TEXT, &p->against, "DIR",
		  "what is served now, where it is not on the bus", 0, 0 },
		{ "force", OPTION_FLAG, &p->force, NULL,
		  "set tests, proofs and the guard aside; needs --reason", 0,
		  0 },
		{ "may-silence", OPTION_FLAG, &p->may_silence, NULL,
		  "go on though clients lose their answers; needs --reason", 0,
		  0 },
		{ "dry-run", OPTION_FLAG, &p->order.dry_run, NULL,
		  "show what it would do, and send nothing", 0, 0 },
		{ "yes", OPTION_FLAG, &p->order.yes, NULL, "do not ask", 0, 0 },
		{ "no-wait", OPTION_FLAG, &p->no_wait, NULL,
		  "do not follow it wave by wave", 0, 0 },
		{ "json", OPTION_FLAG, &p->order.json, NULL,
		  "tell each step in JSON", 0, 0 },
		{ "help", OPTION_FLAG, &p->order.help, NULL, "this text", 0,
		  0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

int publish_run(int argc, char **argv)
{
	struct publish p = { .path = NULL };
	struct option_row rows[16];
	const struct invocation call = {
		"publish", "DIR [options]", rows, fill_rows(&p, rows),
		1,         &p.order.help,
	};
	int status = invocation_read(&call, argc, argv, &p.path);

	if (status != PROGRAM_GO)
		return status;
	if ((p.force || p.may_silence) && p.order.reason == NULL)
		return invocation_refuse(&call, "--force and --may-silence "
						"need --reason TEXT");
	status = publish(&p);
	close_base(&p);
	policy_free(p.policy);
	free(p.bundle);
	return status;
}
