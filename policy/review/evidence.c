/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/evidence.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/decide/opening.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

enum { PIECE_OCTETS = 1 << 16, DIGEST_SHOWN = 12 };

/* Of all that can still be read of file; false on a failure to read. */
static bool digest_file(FILE *file, EVP_MD_CTX *sum,
			unsigned char octets[EVP_MAX_MD_SIZE])
{
	unsigned char piece[PIECE_OCTETS];
	size_t len;

	if (EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
		return false;
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		if (EVP_DigestUpdate(sum, piece, len) != 1)
			return false;
	return !ferror(file) && EVP_DigestFinal_ex(sum, octets, NULL) == 1;
}

static bool digest_path(const char *path, char hex[65], struct error *err)
{
	unsigned char octets[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	FILE *file = fopen(path, "rb");
	bool ok = file != NULL && sum != NULL && digest_file(file, sum, octets);

	if (!ok)
		error_set(err, "%s: %s", path, strerror(errno));
	for (unsigned i = 0; ok && i < 32; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", octets[i]);
	if (file != NULL)
		fclose(file);
	EVP_MD_CTX_free(sum);
	return ok;
}

/* The i-th file that places clients, or NULL. */
static const char *file_at(const struct evidence *e, size_t i)
{
	const struct policy_geo *geo = &e->subject->policy->geo;

	if (i < geo->database_count)
		return geo->databases[i];
	return i == geo->database_count ? geo->networks : NULL;
}

bool evidence_digests(struct evidence *e, struct error *err)
{
	for (size_t i = 0; file_at(e, i) != NULL; i++)
		if (!digest_path(file_at(e, i), e->digests[i], err))
			return false;
	return true;
}

static void print_regions(FILE *out, const struct policy *policy, uint64_t set)
{
	const char *sep = "";

	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(set >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, policy->regions[i].name);
		sep = ", ";
	}
	fprintf(out, "%s", *sep == '\0' ? "no region" : "");
}

static void print_test(FILE *out, const struct policy *policy,
		       const struct proof_failure *f)
{
	const struct policy_test *test = f->test;
	const struct policy_service *service = &policy->services[test->service];
	const char *sep = "";

	fprintf(out, "; %s:%u says ", test->at.file, test->at.line);
	if (f->service != test->service)
		fprintf(out, "of %s, which leads here, ",
			policy->services[test->service].name);
	fprintf(out, "always %s ",
		test->expect == TEST_ALWAYS_WITHOUT ? "without" : "within");
	for (size_t i = 0; i < service->endpoint_count; i++) {
		if (!(test->endpoints >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, service->endpoints[i].name);
		sep = ", ";
	}
	for (size_t i = 0; i < policy->jurisdiction_count; i++) {
		if (!(test->jurisdictions >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, policy->jurisdictions[i]);
		sep = ", ";
	}
}

static void print_lead(FILE *out, const struct evidence *e,
		       const struct proof_failure *f)
{
	const struct policy_service *service =
		&e->subject->policy->services[f->service];
	int endpoint = f->result.ways[0].outside;

	if (endpoint == POLICY_NONE)
		fprintf(out, "%s records lead to %s", f->type, f->name);
	else
		fprintf(out, "%s is %s", service->endpoints[endpoint].name,
			f->name);
	fprintf(out, ", a name outside the policy's services: where it leads, "
		     "nothing here says");
}

static void print_broken(FILE *out, const struct evidence *e,
			 const struct proof_failure *f)
{
	const struct policy *policy = e->subject->policy;
	const struct policy_service *service = &policy->services[f->service];
	int outside = f->result.ways[0].outside;

	fprintf(out, "%s: ", service->name);
	if (f->name != NULL)
		print_lead(out, e, f);
	else if (outside == POLICY_NONE)
		fprintf(out, "no answer, though there could be one");
	else
		fprintf(out, "clients may get %s in %s",
			service->endpoints[outside].name,
			policy->regions[service->endpoints[outside].region]
				.name);
	if (f->test != NULL)
		print_test(out, policy, f);
	if (f->rule != NULL) {
		fprintf(out, "; residency %s (%s:%u) allows only ",
			f->rule->name, f->rule->at.file, f->rule->at.line);
		print_regions(out, policy, f->rule->regions);
	}
}

/* One way of a failure, as it is shown. */
struct showing {
	const struct evidence *evidence;
	const struct proof_failure *failure;
	const struct claim_way *way;
	struct net_addr client; /* NET_NONE: none was found */
};

static bool draws(const struct subject *s, const struct showing *x,
		  const struct net_addr *client)
{
	int service = x->failure->service;
	struct row row =
		subject_row(s, service, geo_class_of(s->geo, client), NULL);
	const struct subject_asking asking = {
		.service = service,
		.row = &row,
		.client = client,
		.having = UINT64_MAX,
	};
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	unsigned count = subject_pick(s, &asking, picks);

	for (unsigned i = 0; i < count; i++)
		if (picks[i] == x->way->outside)
			return true;
	return false;
}

/* The test's own client if he is given it, else one who is, else any. */
static void find_client(struct showing *x, uint16_t class_id)
{
	const struct subject *s = x->evidence->subject;
	const struct scenario *scenario = &x->way->scenario;
	const struct policy_test *test = x->failure->test;
	int service = x->failure->service, outside = x->way->outside;
	struct net_addr own = { .family = NET_NONE };

	if (test != NULL)
		own = test->client;
	opening_move(s->view, scenario->at_s * 1000);
	scenario_apply(scenario, s->policy, service,
		       &s->view->services[service]);
	if (own.family != NET_NONE &&
	    (outside == POLICY_NONE || draws(s, x, &own)))
		x->client = own;
	else if ((outside == POLICY_NONE ||
		  !subject_find_drawer(s, service, class_id, outside,
				       &x->client)) &&
		 !subject_find_address(s, class_id, &x->client))
		x->client = own;
}

static struct showing show(const struct evidence *e,
			   const struct proof_failure *f, size_t i)
{
	struct showing x = {
		.evidence = e,
		.failure = f,
		.way = &f->result.ways[i],
	};

	find_client(&x, f->class_ids[i]);
	return x;
}

/* What of a way is printed, into text or JSON. */
typedef void printing(FILE *out, const struct showing *x);

static void print_when(FILE *out, const struct showing *x)
{
	scenario_print(&x->way->scenario, x->evidence->subject->policy,
		       x->failure->service, out);
}

static void print_client(FILE *out, const struct showing *x)
{
	char text[NET_TEXT_SIZE];

	if (x->client.family != NET_NONE)
		fprintf(out, "%s", net_addr_text(&x->client, text));
}

/* What they are given. */
static void print_given(FILE *out, const struct showing *x)
{
	const struct proof_failure *f = x->failure;
	const struct policy_service *service =
		&x->evidence->subject->policy->services[f->service];

	if (x->way->outside != POLICY_NONE)
		fprintf(out, "%s", service->endpoints[x->way->outside].name);
	else
		fprintf(out, "%s", f->name == NULL ? "no answer" : f->name);
}

/* The command that shows it. */
static void print_command(FILE *out, const struct showing *x)
{
	const struct subject *s = x->evidence->subject;
	int service = x->failure->service;

	fprintf(out, "windrose explain %s --client ", s->path);
	print_client(out, x);
	fprintf(out, " --service %s", s->policy->services[service].name);
	scenario_print_options(&x->way->scenario, s->policy, service, out);
}

static void print_first(const struct showing *x, uint16_t class_id)
{
	const struct client_class *class =
		geo_class(x->evidence->subject->geo, class_id);

	printf("FAILS    ");
	print_broken(stdout, x->evidence, x->failure);
	printf("\n         when: ");
	print_when(stdout, x);
	printf("\n         clients: %s", class->country[0] != '\0'
						 ? class->country
					 : class->unknown ? "of unknown place"
							  : "as this one");
}

static void print_failure(const struct evidence *e,
			  const struct proof_failure *f)
{
	for (size_t i = 0; i < f->result.way_count; i++) {
		struct showing x = show(e, f, i);

		if (i == 0) {
			print_first(&x, f->class_ids[0]);
		} else {
			printf("         or when: ");
			print_when(stdout, &x);
			printf(": ");
			print_given(stdout, &x);
		}
		printf("\n         ");
		print_command(stdout, &x);
		printf("\n");
	}
	if (f->alike > 1)
		printf("         %zu services are alike\n", f->alike);
}

bool evidence_holds(const struct evidence *e)
{
	return e->proof->failure_count == 0 && goals_missed(e->goals) == 0;
}

void evidence_print(const struct evidence *e)
{
	const struct policy *policy = e->subject->policy;
	const struct proof *p = e->proof;
	char day[CLOCK_TEXT_SIZE];

	printf("policy   %s, zone %s, digest %.*s\n", e->subject->path,
	       policy->zones[0].name, DIGEST_SHOWN, policy->digest);
	for (size_t i = 0; file_at(e, i) != NULL; i++)
		printf("places   %s, digest %.*s\n", file_at(e, i),
		       DIGEST_SHOWN, e->digests[i]);
	printf("day      %s\n", clock_wall_text(e->wall_made_ms, day));
	for (size_t i = 0; i < p->failure_count; i++)
		print_failure(e, p->failures[i]);
	evidence_print_goals(e->goals);
	printf("proved   %zu services, %zu client classes, %zu residency "
	       "rules, %zu tests of what is always so\n",
	       p->services, p->classes, policy->residency_count, p->tests);
	printf("cases    %" PRIu64 "%s covered%s, %" PRIu64
	       " evaluated: %zu kinds of services, %zu realms of clients\n",
	       p->covered, p->covered == UINT64_MAX ? " or more" : "",
	       p->complete ? "" : " (not every set of failed regions)",
	       p->evaluated, p->kinds, p->realms);
	if (p->unserved > 0)
		printf("note     residency closes %zu services to some "
		       "clients altogether\n",
		       p->unserved);
	printf("%s\n", evidence_holds(e) ? "holds" : "does not hold");
}

static void set_text(json_t *o, const char *member, printing *print,
		     const struct showing *x)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out != NULL) {
		print(out, x);
		fclose(out);
	}
	json_object_set_new(o, member, json_string(text == NULL ? "" : text));
	free(text);
}

static void print_what(FILE *out, const struct showing *x)
{
	print_broken(out, x->evidence, x->failure);
}

static void set_way(json_t *o, const struct showing *x)
{
	set_text(o, "when", print_when, x);
	set_text(o, "given", print_given, x);
	set_text(o, "client", print_client, x);
	set_text(o, "explain", print_command, x);
}

static json_t *failure_json(const struct evidence *e,
			    const struct proof_failure *f)
{
	struct showing x = show(e, f, 0);
	json_t *o = json_object(), *others = json_array(), *other;

	json_object_set_new(
		o, "service",
		json_string(e->subject->policy->services[f->service].name));
	set_text(o, "broken", print_what, &x);
	set_way(o, &x);
	json_object_set_new(o, "services_alike",
			    json_integer((json_int_t)f->alike));
	for (size_t i = 1; i < f->result.way_count; i++) {
		other = json_object();
		x = show(e, f, i);
		set_way(other, &x);
		json_array_append_new(others, other);
	}
	json_object_set_new(o, "other_ways", others);
	return o;
}

static json_t *files_json(const struct evidence *e)
{
	json_t *list = json_array();

	for (size_t i = 0; file_at(e, i) != NULL; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "file",
						      file_at(e, i), "sha256",
						      e->digests[i]));
	return list;
}

char *evidence_write(const struct evidence *e)
{
	const struct proof *p = e->proof;
	json_t *failures = json_array(), *o;
	char day[CLOCK_TEXT_SIZE], *text;

	for (size_t i = 0; i < p->failure_count; i++)
		json_array_append_new(failures,
				      failure_json(e, p->failures[i]));
	o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:b, s:b, s:I, s:I, s:I, s:I,"
		      " s:I, s:f, s:I, s:I, s:o, s:o}",
		      "windrose", PACKAGE_VERSION, "policy", e->subject->path,
		      "policy_sha256", e->subject->policy->digest, "places",
		      files_json(e), "day",
		      clock_wall_text(e->wall_made_ms, day), "holds",
		      evidence_holds(e), "complete", p->complete, "services",
		      (json_int_t)p->services, "client_classes",
		      (json_int_t)p->classes, "kinds", (json_int_t)p->kinds,
		      "realms", (json_int_t)p->realms, "tests",
		      (json_int_t)p->tests, "covered", (double)p->covered,
		      "evaluated", (json_int_t)p->evaluated, "unserved",
		      (json_int_t)p->unserved, "failures", failures, "goals",
		      evidence_goals_json(e->goals));
	text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(2));
	json_decref(o);
	return text;
}
