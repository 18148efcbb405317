/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Redis server says: the first octet tells of what, INFO (of a master,
 * of a replica), a setting, CLUSTER NODES, a sentinel's reply, the value of one
 * of the keys, or the name of a user.
 */
#include "steering/runbook/cluster_map.h"
#include "steering/runbook/content.h"
#include "steering/runbook/diagnosis.h"
#include "steering/runbook/rights.h"
#include "steering/runbook/sentinel_view.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void try_user(const char *user)
{
	struct right right;

	for (size_t n = 0; right_of(user, "env", n, &right); n++)
		for (int i = 0; i < right.argc; i++)
			if (strlen(right.argv[i]) >= RIGHT_ARG_SIZE)
				abort();
}

static void try_cluster(struct diagnosis *d, const char *text)
{
	static const struct redis_place asked = { "asked", 1 };
	const struct cluster_view view = { 100, &asked, *text == 'b' };
	struct cluster_map *map = malloc(sizeof(*map));

	if (map == NULL)
		abort();
	if (cluster_map_read(text, &view, map)) {
		cluster_map_judge(d, map, &view);
		cluster_map_compare(d, map, map, view.slot);
	}
	free(map);
}

static void try_sentinel(struct diagnosis *d, const char *text, size_t len)
{
	redisReader *reader = redisReaderCreate();
	struct sentinel_view view = { .name = "s" };
	void *reply = NULL;

	if (reader == NULL)
		abort();
	if (redisReaderFeed(reader, text, len) == REDIS_OK &&
	    redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
		if (sentinel_view_read(reply, &view))
			sentinel_view_judge(d, &view);
		sentinel_view_take_replicas(d, reply);
	}
	freeReplyObject(reply);
	redisReaderFree(reader);
}

static void try_replica(struct diagnosis *d, const char *text)
{
	char host[16];
	uint16_t port;

	diagnosis_take_replica(d, text, "m:1");
	diagnosis_info_replica(text, 0, host, sizeof(host), &port);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static const char *const names[] = { "plan",  "plan-head", "epoch",
					     "lease", "vantage:x", "node:x",
					     "nodes" };
	static struct diagnosis d;
	char *text;

	if (len == 0)
		return 0;
	text = malloc(len);
	if (text == NULL)
		abort();
	memcpy(text, octets + 1, len - 1);
	text[len - 1] = '\0';
	d = (struct diagnosis){ 0 };
	if (*octets == 'i')
		diagnosis_take_info(&d, text);
	else if (*octets == 'c')
		diagnosis_take_config(&d, "client-output-buffer-limit", text,
				      "");
	else if (*octets == 'r')
		try_replica(&d, text);
	else if (*octets == 'n')
		try_cluster(&d, text);
	else if (*octets == 's')
		try_sentinel(&d, text, len - 1);
	else if (*octets == 'u')
		try_user(text);
	else
		content_take_value(&d, &(struct content_trust){ 0 },
				   &(struct content_key){ names[*octets % 7],
							  text, len - 1 });
	for (size_t i = 0; i < d.count; i++)
		if (memchr(d.findings[i].text, '\0', DIAGNOSIS_TEXT_SIZE) ==
		    NULL)
			abort();
	free(text);
	return 0;
}
