/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkup -- all that is asked of one Redis server of a bus: what it is, how it
 * is set up, its clock, its users, and the keys of the environment.
 *
 * Nothing is changed.  What the answers mean is judged by runbook/diagnosis,
 * runbook/content and runbook/rights.  Shell.
 */
#ifndef STEERING_RUNBOOK_CHECKUP_H
#define STEERING_RUNBOOK_CHECKUP_H

#include "steering/runbook/content.h"
#include "steering/runbook/diagnosis.h"

#include <stdbool.h>
#include <stddef.h>

struct patient;
struct redis_login;
struct redis_place;
struct redis_tls;
struct redis_url;

struct checkup {
	const struct redis_url *url;
	struct redis_tls *tls; /* borrowed; NULL: none */
	struct content_trust trust;
	struct diagnosis found;
	bool several;     /* findings say of which server */
	size_t answered;  /* servers that could be asked */
	size_t keys;      /* looked at */
	char version[32]; /* of the server with the keys */
	char holder[300]; /* "HOST:PORT" of it; "" unless several */
};

/*
 * Meets the server at place, or at the url's unix socket; findings from now on
 * are about it.  False when it may not be asked; close it in any case.
 */
bool checkup_meet(struct checkup *c, const struct redis_place *place,
		  const struct redis_login *login, struct patient *out);

/* INFO, the caller's; NULL when it does not tell. */
char *checkup_info(struct patient *p);

/*
 * The server that the keys are written to, with them, and with the replicas
 * that it tells of where the url names no single server.
 */
void checkup_master(struct checkup *c, struct patient *p, const char *info);

/* A replica of master, "HOST:PORT" as it must know it, or "". */
void checkup_replica(struct checkup *c, const struct redis_place *place,
		     const char *master);

/* A server of which only how it is set up matters: clock, settings, users. */
void checkup_settings(struct checkup *c, struct patient *p, const char *info);

#endif
