/* SPDX-License-Identifier: Apache-2.0 */
#include "health/listener.h"

#include "health/canvass.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/news.h"
#include "policy/bus/bus.h"
#include "policy/bus/member.h"
#include "policy/bus/served.h"
#include "policy/bus/witness.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct listener {
	const struct witnesses *edges;
	struct evidence *evidence;
	struct canvass *canvass;
	struct news refused; /* by edge */
};

struct listener *listener_new(struct event_base *loop,
			      const struct witnesses *edges, struct error *err)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		l->edges = edges;
		l->evidence = evidence_new();
	}
	if (l == NULL || l->evidence == NULL) {
		error_set(err, "out of memory while starting the prober");
		listener_free(l);
		return NULL;
	}
	l->canvass = canvass_new(loop, l->evidence, err);
	if (l->canvass != NULL)
		return l;
	listener_free(l);
	return NULL;
}

void listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	canvass_free(l->canvass);
	evidence_free(l->evidence);
	free(l);
}

struct evidence *listener_evidence(const struct listener *l)
{
	return l->evidence;
}

static void log_refusal(struct listener *l, const char *edge, const char *why)
{
	char name[2 * SERVED_NAME_SIZE], quoted[512];

	if (!news_of(&l->refused, edge, why, clock_now_ms()))
		return;
	log_event(LOG_LEVEL_ERROR, "health", "edge-refused", "edge=%s error=%s",
		  log_quote(edge, name, sizeof(name)),
		  log_quote(why, quoted, sizeof(quoted)));
}

/* NULL with err set. */
static struct served *read_served(const struct listener *l, const char *edge,
				  const void *octets, size_t len,
				  struct error *err)
{
	const char *payload;
	size_t payload_len;
	struct served *served;

	if (!witnesses_read(l->edges, edge, octets, len, &payload, &payload_len,
			    err))
		return NULL;
	served = served_parse(payload, payload_len, err);
	if (served == NULL || strcmp(served->node, edge) == 0)
		return served;
	served_free(served);
	error_set(err, "it says to be of another edge");
	return NULL;
}

void listener_take(struct listener *l, const char *edge, const void *octets,
		   size_t len)
{
	struct error err = { .text = "it goes by a name that Prometheus has "
				     "here" };
	struct served *served =
		canvass_has(l->canvass, edge)
			? NULL
			: read_served(l, edge, octets, len, &err);

	if (served == NULL)
		log_refusal(l, edge, err.text);
	else if (evidence_take(l->evidence, served, clock_now_ms()) ==
		 EVIDENCE_CROWDED)
		log_refusal(l, edge, "too many edges, or out of memory");
	else
		news_over(&l->refused, edge);
}

bool listener_turn(struct listener *l, const struct roster *roster)
{
	bool ok = evidence_turn(l->evidence, roster);

	return canvass_turn(l->canvass) && ok;
}

unsigned listener_topics(const struct listener *l)
{
	return evidence_count(l->evidence) > 0 ? BUS_SERVED : 0;
}

const struct canvass *listener_canvass(const struct listener *l)
{
	return l->canvass;
}

json_t *listener_status(const struct listener *l)
{
	struct evidence_edge edges[EVIDENCE_EDGES_MAX];
	size_t count = evidence_edges(l->evidence, clock_now_ms(), edges);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		member_append(&list,
			      json_pack("{s:s, s:I, s:i, s:i, s:b}", "edge",
					edges[i].name, "silence_ms",
					(json_int_t)edges[i].silence_ms,
					"judged", (int)edges[i].judged,
					"failing", (int)edges[i].failing,
					"believed", edges[i].believed));
	return list;
}
