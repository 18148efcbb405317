/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_dns.h"

#include "health/dialogue.h"
#include "health/question.h"

#include <stdlib.h>

#include <event2/util.h>

struct probe_dns {
	struct probe probe; /* first */
	struct question question;
	struct probe *dialogue; /* NULL once it has ended */
	probe_done *done;
	void *arg;
};

static void destroy(struct probe_dns *p)
{
	probe_cancel(p->dialogue);
	question_fini(&p->question);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_dns *)probe);
}

static struct reply read_answer(void *arg, const void *octets, size_t len)
{
	const struct probe_dns *p = arg;

	return question_read(&p->question, octets, len);
}

static void on_done(void *arg, const struct observation *seen)
{
	struct probe_dns *p = arg;
	probe_done *done = p->done;

	p->dialogue = NULL;
	arg = p->arg;
	destroy(p);
	done(arg, seen);
}

struct probe *probe_dns_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg)
{
	struct probe_dns *p = calloc(1, sizeof(*p));
	struct dialogue_plan plan = {
		.addr = spec->addr,
		.port = spec->port,
		.timeout_ms = spec->check->timeout_ms,
		.read = read_answer,
		.done = on_done,
		.arg = p,
	};
	uint16_t id;

	if (p == NULL)
		return NULL;
	evutil_secure_rng_get_bytes(&id, sizeof(id));
	p->probe.cancel = cancel;
	p->done = done;
	p->arg = arg;
	if (question_init(&p->question, spec->check, spec->host, id)) {
		plan.query = p->question.octets;
		plan.query_octets = p->question.len;
		p->dialogue = dialogue_start(loop, &plan);
	}
	if (p->dialogue != NULL)
		return &p->probe;
	destroy(p);
	return NULL;
}
