/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/prove.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/bus/sign.h"
#include "policy/review/evidence.h"
#include "policy/review/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	unsigned failed;
	bool trusts_names, json, help;
	const char *key;
	const char *path;
};

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "failed", OPTION_NUMBER, &request->failed, "N",
		  "regions that fail together, at most", 1,
		  POLICY_REGIONS_MAX },
		{ "trust-names", OPTION_FLAG, &request->trusts_names, NULL,
		  "names of others lead to the region that the policy says", 0,
		  0 },
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "key", OPTION_TEXT, &request->key, "FILE",
		  "sign the JSON with this Ed25519 key", 0, 0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"prove",
		"PATH [--failed N] [--trust-names] [--json] [--key FILE]",
		rows,
		5,
		1,
		&request->help,
	};

	return invocation_read(&call, argc, argv, &request->path);
}

/* The evidence as JSON, in an envelope when a key was given. */
static bool print_signed(const struct evidence *evidence, const char *key,
			 struct error *err)
{
	char *json = evidence_write(evidence), *envelope = NULL;
	struct sealer *sealer = NULL;
	size_t len;

	if (json == NULL)
		error_set(err, "out of memory");
	else if (key == NULL)
		printf("%s\n", json);
	else
		sealer = sealer_open(key, err);
	if (sealer != NULL)
		envelope = sign_wrap(sealer, SIGN_PROOF, json, strlen(json),
				     &len, err);
	if (envelope != NULL)
		fwrite(envelope, 1, len, stdout);
	sealer_free(sealer);
	free(envelope);
	free(json);
	return json != NULL && (key == NULL || envelope != NULL);
}

static enum program_status prove(const struct subject *s,
				 const struct request *request)
{
	const struct proof_goal goal = {
		.most = request->failed,
		.trusts_names = request->trusts_names,
	};
	struct evidence evidence = {
		.subject = s,
		.wall_made_ms = clock_wall_ms(),
	};
	struct error err = { .text = "out of memory" };
	struct goals goals;
	struct proof proof;
	bool ok;

	proof_make(s->view, s->geo, &goal, &proof);
	evidence.proof = &proof;
	evidence.goals = &goals;
	ok = goals_find(s->policy, s->geo, &goals) && !proof.no_memory &&
	     evidence_digests(&evidence, &err);
	if (ok && (request->json || request->key != NULL))
		ok = print_signed(&evidence, request->key, &err);
	else if (ok)
		evidence_print(&evidence);
	if (!ok)
		fprintf(stderr, "windrose prove: %s\n", err.text);
	ok = ok && evidence_holds(&evidence);
	goals_fini(&goals);
	proof_fini(&proof);
	return ok ? PROGRAM_OK : PROGRAM_FAILED;
}

int review_prove(int argc, char **argv)
{
	struct request request = { .path = NULL };
	enum program_status status = read_request(argc, argv, &request);
	struct subject s;

	if (status != PROGRAM_GO)
		return status;
	if (!subject_open(request.path, &s))
		return PROGRAM_FAILED;
	status = prove(&s, &request);
	subject_free(&s);
	return status;
}
