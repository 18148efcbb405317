/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/prove.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/option.h"
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

enum { OPERANDS_MAX = 256, ROWS = 5 };

static int print_usage(const struct option_row *rows, FILE *out)
{
	fprintf(out, "usage: windrose prove PATH [--failed N] "
		     "[--trust-names] [--json] [--key FILE]\n");
	option_print(rows, ROWS, out);
	return out == stdout ? REVIEW_FINE : REVIEW_USAGE;
}

/* False when usage was printed; *status is then what to end with. */
static bool read_request(int argc, char **argv, struct request *request,
			 int *status)
{
	const struct option_row rows[ROWS] = {
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
	const char *operands[OPERANDS_MAX];
	struct error err;
	int count = -1;

	if (argc <= OPERANDS_MAX)
		count = option_parse(rows, ROWS, argc, argv, operands, &err);
	else
		error_set(&err, "more than %d words", OPERANDS_MAX);
	if (count < 0)
		fprintf(stderr, "windrose prove: %s\n", err.text);
	if (request->help) {
		*status = print_usage(rows, stdout);
	} else if (count != 1) {
		*status = print_usage(rows, stderr);
	} else {
		request->path = operands[0];
		return true;
	}
	return false;
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

static int prove(const struct subject *s, const struct request *request)
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
	struct proof proof;
	bool ok;

	proof_make(s->view, s->geo, &goal, &proof);
	evidence.proof = &proof;
	ok = !proof.no_memory && evidence_digests(&evidence, &err);
	if (ok && (request->json || request->key != NULL))
		ok = print_signed(&evidence, request->key, &err);
	else if (ok)
		evidence_print(&evidence);
	if (!ok)
		fprintf(stderr, "windrose prove: %s\n", err.text);
	ok = ok && proof.failure_count == 0;
	proof_fini(&proof);
	return ok ? REVIEW_FINE : REVIEW_FAILED;
}

int review_prove(int argc, char **argv)
{
	struct request request = { .path = NULL };
	struct subject s;
	int status;

	if (!read_request(argc, argv, &request, &status))
		return status;
	if (!subject_open(request.path, &s))
		return REVIEW_FAILED;
	status = prove(&s, &request);
	subject_free(&s);
	return status;
}
