/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/rum_post.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <string.h>

#include <jansson.h>

static bool read_client(struct member_reader *r, struct net_addr *out)
{
	char text[NET_TEXT_SIZE] = "";
	struct net_prefix prefix;

	member_text(r, "client", text, sizeof(text));
	if (r->failed || text[0] == '\0')
		return !r->failed;
	if (net_prefix_parse(text, &prefix, NULL)) {
		*out = prefix.addr;
		return true;
	}
	member_fail(r, "client is no address and no network");
	return false;
}

static bool read_rtt(struct rum_post *post, struct member_reader *r)
{
	struct rum_rtt *rtt = &post->rtts[post->count];

	member_name(r, "region", rtt->region, sizeof(rtt->region));
	rtt->ms = (float)member_number(r, "ms", 0.001, RUM_POST_MS_MAX);
	for (size_t i = 0; !r->failed && i < post->count; i++)
		if (strcmp(post->rtts[i].region, rtt->region) == 0)
			member_fail(r, "region %s is there twice", rtt->region);
	post->count++;
	return !r->failed;
}

static bool read_post(const json_t *json, struct rum_post *post,
		      struct error *err)
{
	struct member_reader r = { .object = json, .what = "rum", .err = err };
	const json_t *list;

	if (!read_client(&r, &post->client))
		return false;
	member_require(&r, "rtts");
	list = member_array(&r, "rtts", POLICY_REGIONS_MAX);
	if (!r.failed && json_array_size(list) == 0)
		member_fail(&r, "rtts is empty");
	if (r.failed)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader item = member_item(list, i, "rtt", err);

		if (!read_rtt(post, &item))
			return false;
	}
	return true;
}

bool rum_post_forwarded(const char *field, struct net_addr *out)
{
	const char *last = strrchr(field, ',');
	char text[NET_TEXT_SIZE];
	size_t len;

	last = last == NULL ? field : last + 1;
	last += strspn(last, " \t");
	len = strcspn(last, " \t");
	if (len >= sizeof(text) ||
	    last[len + strspn(last + len, " \t")] != '\0')
		return false;
	memcpy(text, last, len);
	text[len] = '\0';
	return net_addr_parse(text, out);
}

bool rum_post_parse(const void *octets, size_t len, struct rum_post *out,
		    struct error *err)
{
	json_t *json =
		member_load("rum", octets, len, RUM_POST_OCTETS_MAX, err);
	struct rum_post post = { .count = 0 };
	bool ok;

	if (json == NULL)
		return false;
	ok = read_post(json, &post, err);
	json_decref(json);
	if (ok)
		*out = post;
	return ok;
}
