/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter -- an HTTP server for those who watch: GET /metrics, and GET /ready
 * for who announces or withdraws a route to this node.
 *
 * One request a connection.  Clients cost what the limits say at most: slow,
 * dripping and silent ones are closed, one too many ends the oldest.  Shell,
 * on the loop's thread.
 */
#ifndef POLICY_BASE_EXPORTER_H
#define POLICY_BASE_EXPORTER_H

#include "policy/base/guests.h"

struct error;
struct event_base;
struct exporter;
struct openmetrics;

extern const struct guests_limits exporter_default_limits;

struct exporter_config {
	/* "ADDR:PORT", or "PORT" of 127.0.0.1. */
	const char *listen;
	struct guests_limits limits;
	/* Appends all families but those of program_metrics, without the end.
	 */
	void (*write)(void *arg, struct openmetrics *out);
	/* NULL when all is well, else what is not, borrowed for the call. */
	const char *(*unready)(void *arg);
	void *arg;
};

/* Binds.  config is copied but for listen.  NULL with err set. */
struct exporter *exporter_start(struct event_base *loop,
				const struct exporter_config *config,
				struct error *err);

/* Closes all connections.  Accepts NULL. */
void exporter_stop(struct exporter *exporter);

#endif
