/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/doctor.h"

#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/bus/redis_password.h"
#include "policy/bus/redis_tls.h"
#include "policy/bus/redis_url.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"
#include "steering/runbook/change.h"
#include "steering/runbook/checkup.h"
#include "steering/runbook/cluster.h"
#include "steering/runbook/patient.h"
#include "steering/runbook/sentinels.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct options {
	const char *bus;
	struct option_list trust, vantages;
	bool json, help;
};

static bool read_options(struct options *o, int argc, char **argv,
			 struct error *err)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &o->bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "FILE",
		  "public key (PEM) whose plans are right; may be repeated", 0,
		  0 },
		{ "trust-vantage", OPTION_LIST, &o->vantages, "VANTAGE=FILE",
		  "public key (PEM) whose reports are right; may be repeated",
		  0, 0 },
		{ "json", OPTION_FLAG, &o->json, NULL, "answer in JSON", 0, 0 },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
	};
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	int left = -1;

	error_set(err, "out of memory");
	if (operands != NULL)
		left = option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc,
				    argv, operands, err);
	if (left >= 0 && o->help) {
		printf("usage: windrose bus doctor [options]\n\n");
		option_print(rows, sizeof(rows) / sizeof(rows[0]), stdout);
	} else if (left >= 0 &&
		   (left != 1 || strcmp(operands[0], "doctor") != 0)) {
		error_set(err, "the word after bus must be doctor");
		left = -1;
	}
	free(operands);
	return left >= 0;
}

/* What several servers have to do with each other. */
struct company {
	bool cluster; /* one was met */
	size_t alone; /* servers of no cluster */
};

/* The first node of a cluster leads to all. */
static void examine_met(struct checkup *c, struct patient *p, const char *info,
			struct company *company)
{
	if (!cluster_is_one(info)) {
		company->alone++;
		checkup_master(c, p, info);
	} else if (!company->cluster) {
		company->cluster = c->several = true;
		patient_name(&p->target, c->found.about,
			     sizeof(c->found.about));
		cluster_examine(c, p);
	}
}

static void examine_places(struct checkup *c)
{
	struct company company = { false, 0 };
	struct patient p;

	for (size_t i = 0; i < c->url->place_count; i++) {
		char *info = NULL;

		if (checkup_meet(c, &c->url->places[i], &c->url->login, &p))
			info = checkup_info(&p);
		if (info != NULL)
			examine_met(c, &p, info, &company);
		free(info);
		patient_close(&p);
	}
	c->found.about[0] = '\0';
	if (company.alone > 1 || (company.alone > 0 && company.cluster))
		diagnosis_add(
			&c->found, AILMENT_CLUSTER,
			"the url names several servers, and %zu of them "
			"are in no cluster: programs that go to different "
			"ones do not hear each other; name one server, "
			"or its sentinels",
			company.alone);
}

static void examine(struct checkup *c)
{
	c->several = c->url->place_count > 1 || c->url->master[0] != '\0' ||
		     c->url->from_replica;
	if (c->url->master[0] != '\0')
		sentinels_examine(c);
	else
		examine_places(c);
}

static void print_text(const struct checkup *c)
{
	const struct diagnosis *found = &c->found;

	for (size_t i = 0; i < found->count; i++) {
		const struct symptom *f = &found->findings[i];

		printf("%s: %s%s%s\n    do: %s\n", ailment_name(f->ailment),
		       f->about, f->about[0] == '\0' ? "" : ": ", f->text,
		       f->remedy);
	}
	if (found->more > 0)
		printf("and %zu more\n", found->more);
	if (found->count > 0)
		return;
	printf("nothing is wrong: Redis %s, %zu keys looked at", c->version,
	       c->keys);
	if (c->several)
		printf(" on %s; %zu servers asked", c->holder, c->answered);
	putchar('\n');
}

static json_t *write_finding(const struct symptom *f)
{
	json_t *json =
		json_pack("{s:s, s:s, s:s}", "what", ailment_name(f->ailment),
			  "text", f->text, "do", f->remedy);

	if (json != NULL && f->about[0] != '\0')
		json_object_set_new(json, "server", json_string(f->about));
	return json;
}

static bool print_json(const struct checkup *c)
{
	json_t *list = json_array();
	json_t *all;

	for (size_t i = 0; i < c->found.count; i++)
		json_array_append_new(list,
				      write_finding(&c->found.findings[i]));
	all = json_pack("{s:b, s:s, s:I, s:I, s:I, s:o}", "ok",
			c->found.count == 0, "version", c->version, "keys",
			(json_int_t)c->keys, "servers", (json_int_t)c->answered,
			"more", (json_int_t)c->found.more, "findings", list);
	if (all == NULL)
		return false;
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
	return true;
}

/* Whom nobody could ask is out of reach; a wrong password is an answer. */
static int status_of(const struct checkup *c)
{
	if (c->found.count == 0)
		return EXIT_DONE;
	for (size_t i = 0; i < c->found.count && c->answered == 0; i++)
		if (c->found.findings[i].ailment == AILMENT_UNREACHABLE)
			return EXIT_UNREACHABLE;
	return EXIT_FAILED;
}

static int tell(const struct checkup *c, bool json)
{
	if (!json)
		print_text(c);
	else if (!print_json(c))
		return EXIT_FAILED;
	return status_of(c);
}

/* What a look at a bus borrows. */
struct doctor {
	struct redis_url url;
	struct redis_tls *tls;
	struct verifier *plan_keys;
	struct witnesses *vantage_keys;
};

static bool prepare(struct doctor *d, const struct options *o,
		    struct error *err)
{
	const char *bus = o->bus == NULL ? getenv("WINDROSE_BUS") : o->bus;

	if (bus == NULL) {
		error_set(err, "which bus?  use --bus URL (or WINDROSE_BUS)");
		return false;
	}
	if (!redis_url_parse(bus, &d->url, err) ||
	    !redis_password_read(&d->url, err))
		return false;
	if (d->url.tls) {
		d->tls = redis_tls_open(&d->url, err);
		if (d->tls == NULL)
			return false;
	}
	d->vantage_keys = witnesses_open(WITNESS_VANTAGES, o->vantages.items,
					 o->vantages.count, err);
	if (d->vantage_keys == NULL || o->trust.count == 0)
		return d->vantage_keys != NULL;
	d->plan_keys = verifier_open(o->trust.items, o->trust.count, err);
	return d->plan_keys != NULL;
}

static int look(const struct doctor *d, bool json)
{
	struct checkup c = { .url = &d->url,
			     .tls = d->tls,
			     .trust = { d->plan_keys, d->vantage_keys } };

	examine(&c);
	return tell(&c, json);
}

int doctor_run(int argc, char **argv)
{
	struct options options = { 0 };
	struct doctor doctor = { 0 };
	int status = EXIT_DONE;
	struct error err;

	if (!read_options(&options, argc, argv, &err) ||
	    (!options.help && !prepare(&doctor, &options, &err))) {
		fprintf(stderr, "windrose bus: %s\n", err.text);
		status = EXIT_USAGE;
	} else if (!options.help) {
		status = look(&doctor, options.json);
	}
	redis_tls_free(doctor.tls);
	verifier_free(doctor.plan_keys);
	witnesses_free(doctor.vantage_keys);
	return status;
}
