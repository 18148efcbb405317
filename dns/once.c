/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/once.h"

#include "dns/answer.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/sign/signers.h"
#include "dns/table.h"
#include "policy/decide/geo.h"
#include "policy/decide/view.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <inttypes.h>

enum { QUERY_MAX = 65535 };

static struct loaded load(const char *policy_path)
{
	struct signers *signers = signers_new();
	struct loaded loaded = { 0 };

	if (signers == NULL)
		errors_add(&loaded.errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
	else
		loaded = loader_load(policy_path, NULL, signers);
	signers_free(signers);
	return loaded;
}

bool once_check(const char *policy_path, FILE *out, FILE *findings)
{
	struct loaded loaded = load(policy_path);
	bool ok = loaded.model != NULL;

	errors_print(&loaded.errs, findings);
	if (ok) {
		const struct policy *policy = loaded.model->policy;
		struct geo_size size = geo_size(loaded.model->geo);

		fprintf(out,
			"%s: OK: %zu services, %zu records, %zu client "
			"classes of %zu networks, loaded in %" PRId64 " ms\n",
			policy_path, policy->service_count,
			policy_record_count(policy),
			geo_class_count(loaded.model->geo), size.networks_read,
			loaded.load_ms);
	}
	loader_result_fini(&loaded);
	return ok;
}

/* The table of a world of which nothing is known yet. */
static struct table *first_table(struct model *model)
{
	static const struct heard_report silence[POLICY_VANTAGES_MAX];
	const struct view_input in = { .reports = silence };
	struct view *view = view_reduce(model->policy, &in);
	struct table *table =
		view == NULL ? NULL : table_build(model, view, NULL);

	view_free(view);
	return table;
}

static bool answer(const struct table *table, FILE *in, FILE *out)
{
	uint8_t query[QUERY_MAX], reply[ANSWER_UDP_MAX];
	struct answer_input input = {
		.query = query,
		.len = fread(query, 1, sizeof(query), in),
		.peer = { .family = NET_V4, .octets = { 127, 0, 0, 1 } },
	};
	struct answer_outcome outcome;
	size_t reply_len =
		answer_query(table, &input, reply, sizeof(reply), &outcome);

	return fwrite(reply, 1, reply_len, out) == reply_len &&
	       fflush(out) == 0;
}

bool once_answer(const char *policy_path, FILE *in, FILE *out, FILE *findings)
{
	struct loaded loaded = load(policy_path);
	struct table *table =
		loaded.model == NULL ? NULL : first_table(loaded.model);
	bool ok = table != NULL && answer(table, in, out);

	errors_print(&loaded.errs, findings);
	table_free(table);
	loader_result_fini(&loaded);
	return ok;
}
