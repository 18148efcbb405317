/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/feed_impl.h"

#include "dns/lastgood.h"
#include "dns/model.h"
#include "dns/reply.h"
#include "dns/stats.h"
#include "policy/base/clock.h"
#include "policy/bus/bus.h"
#include "policy/bus/node_counts.h"
#include "policy/decide/deferral.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refused report is shown for so long: the next one comes every second. */
enum { REFUSED_SHOWN_MS = 5000 };

static const struct policy *policy_of(const struct feed *feed)
{
	return feed->model->policy;
}

static void describe_trouble(const struct feed *feed, char *buf)
{
	const char *keep = feed->config.lastgood == NULL
				   ? ""
				   : lastgood_trouble(feed->config.lastgood);
	char alarm[NODE_TEXT_SIZE] = "";
	const char *text = alarm;

	if (feed->world.view != NULL)
		panic_text(feed->world.view, alarm, sizeof(alarm));
	if (feed->world.view != NULL && alarm[0] == '\0')
		deferral_text(feed->world.view, alarm, sizeof(alarm));
	if (feed->trouble[0] != '\0')
		text = feed->trouble;
	else if (feed->world.follow.refusal.text[0] != '\0')
		text = feed->world.follow.refusal.text;
	else if (feed->world.follow.plan != NULL && !feed->world.plan_fits)
		text = "the plan would leave a service of this policy empty: "
		       "it is set aside";
	else if (clock_now_ms() < feed->report_refused_ms + REFUSED_SHOWN_MS &&
		 feed->report_trouble[0] != '\0')
		text = feed->report_trouble;
	else if (keep[0] != '\0')
		text = keep;
	else if (feed->config.bus != NULL && !bus_is_up(feed->config.bus))
		text = "the bus is down";
	else if (feed->config.bus != NULL &&
		 bus_refuses(feed->config.bus) != NULL)
		text = bus_refuses(feed->config.bus);
	snprintf(buf, NODE_TEXT_SIZE, "%.*s", NODE_TEXT_SIZE - 1, text);
}

/* Also what counts for the judgement of a policy, whoever serves it. */
static void fill_uptake(const struct feed *feed, struct node *node)
{
	const struct feed_uptake *uptake = &feed->uptake;
	struct stats_sum sum = stats_sum(feed->config.stats);

	node->takes_policy = uptake->takes_policy;
	memcpy(node->refused_digest, uptake->refused_digest,
	       sizeof(node->refused_digest));
	memcpy(node->refused_reason, uptake->refused_reason,
	       sizeof(node->refused_reason));
	node->mute_count = uptake->mute_count;
	memcpy(node->mute, uptake->mute, sizeof(node->mute));
	node->failures = stats_rcode(&sum, RCODE_SERVFAIL);
	for (size_t s = 0; s < policy_of(feed)->service_count; s++)
		node->empties +=
			stats_pair(feed->config.stats, s, STATS_NO_REGION);
}

struct node feed_node(const struct feed *feed)
{
	struct node node =
		node_of(NODE_DNS, feed->config.name, clock_wall_ms());

	node.plan_epoch = feed->acked_epoch;
	node.plan_sequence = feed->acked_sequence;
	node.wall_applied_ms = feed->wall_applied_ms;
	node.refused = feed->world.follow.refused;
	node.queries = stats_sum(feed->config.stats).answers;
	node.local_count = feed->world.local.count;
	static_assert(sizeof(node.policy_digest) ==
			      sizeof(((struct policy *)0)->digest),
		      "a node's digest is a policy's");
	memcpy(node.policy_digest, policy_of(feed)->digest,
	       sizeof(node.policy_digest));
	describe_trouble(feed, node.trouble);
	for (size_t i = 0; i < feed->world.local.count; i++)
		local_text(&feed->world.local.commands[i], node.local[i]);
	fill_uptake(feed, &node);
	return node;
}

/* With what was asked lately, when that is due. */
static char *write_record(struct feed *feed, const struct node *node,
			  size_t *len)
{
	struct node_counts counts;
	char *octets;

	if (!queried_tell(&feed->queried, feed->config.stats, policy_of(feed),
			  clock_now_ms(), &counts))
		return node_write(node, len);
	octets = node_counts_write(node, &counts, len);
	node_counts_fini(&counts);
	return octets;
}

void feed_tell(struct feed *feed)
{
	struct node node = feed_node(feed);
	size_t len;
	char *octets;

	feed->node_due_ms = clock_now_ms() + FEED_TICK_MS;
	if (feed->config.bus == NULL)
		return;
	octets = write_record(feed, &node, &len);
	if (octets != NULL)
		bus_put(feed->config.bus, BUS_NODES, feed->config.name, octets,
			len, FEED_NODE_TTL_MS);
	free(octets);
}
