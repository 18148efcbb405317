/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/exporter.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/guests.h"
#include "policy/base/openmetrics.h"
#include "policy/base/process.h"
#include "policy/base/program_metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

const struct guests_limits exporter_default_limits = {
	.count = 16,
	.life_ms = 10 * 1000,
};

enum { TIMEOUT_S = 5, BACKLOG = 16 };

struct exporter {
	struct exporter_config config;
	int64_t wall_started_ms;
	struct guests *guests;
};

/* One request a connection: nobody keeps the loop busy on a single one. */
static void answer(struct evhttp_request *request, int status,
		   const char *media_type, struct evbuffer *body)
{
	struct evkeyvalq *fields = evhttp_request_get_output_headers(request);

	evhttp_add_header(fields, "Content-Type", media_type);
	evhttp_add_header(fields, "Connection", "close");
	evhttp_add_header(fields, "Cache-Control", "no-store");
	evhttp_send_reply(request, status, NULL, body);
}

static void answer_text(struct evhttp_request *request, int status,
			const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL)
		evbuffer_add_printf(body, "%s\n", text);
	answer(request, status, "text/plain; charset=utf-8", body);
	if (body != NULL)
		evbuffer_free(body);
}

static void free_text(const void *octets, size_t len, void *text)
{
	(void)octets, (void)len;
	free(text);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
	struct exporter *e = arg;
	struct openmetrics out = {
		.form = openmetrics_choose(evhttp_find_header(
			evhttp_request_get_input_headers(request), "Accept")),
	};
	struct process_usage process = process_usage();
	struct evbuffer *body = evbuffer_new();

	guests_follow(e->guests, request);
	program_metrics_put(&out, &process, e->wall_started_ms);
	e->config.write(e->config.arg, &out);
	if (!openmetrics_end(&out) || body == NULL ||
	    evbuffer_add_reference(body, out.text, out.len, free_text,
				   out.text) != 0) {
		openmetrics_fini(&out);
		answer_text(request, HTTP_SERVUNAVAIL, "out of memory");
	} else {
		answer(request, HTTP_OK, openmetrics_media_type(out.form),
		       body);
	}
	if (body != NULL)
		evbuffer_free(body);
}

static void on_ready(struct evhttp_request *request, void *arg)
{
	struct exporter *e = arg;
	const char *why = e->config.unready(e->config.arg);

	guests_follow(e->guests, request);
	answer_text(request, why == NULL ? HTTP_OK : HTTP_SERVUNAVAIL,
		    why == NULL ? "ready" : why);
}

static void on_other(struct evhttp_request *request, void *arg)
{
	const struct exporter *e = arg;

	guests_follow(e->guests, request);
	answer_text(request, HTTP_NOTFOUND, "there are /metrics and /ready");
}

static bool serve(struct exporter *e, struct event_base *loop,
		  struct error *err)
{
	const struct guests_config config = {
		.listen = e->config.listen,
		.backlog = BACKLOG,
		.limits = e->config.limits,
		.methods = EVHTTP_REQ_GET,
		.timeout_s = TIMEOUT_S,
	};
	struct evhttp *http;

	e->guests = guests_serve(loop, &config, err);
	if (e->guests == NULL)
		return false;
	http = guests_http(e->guests);
	evhttp_set_cb(http, "/metrics", on_metrics, e);
	evhttp_set_cb(http, "/ready", on_ready, e);
	evhttp_set_gencb(http, on_other, e);
	return true;
}

struct exporter *exporter_start(struct event_base *loop,
				const struct exporter_config *config,
				struct error *err)
{
	struct exporter *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		error_set(err, "out of memory for metrics");
		return NULL;
	}
	e->config = *config;
	e->wall_started_ms = clock_wall_ms();
	if (serve(e, loop, err)) {
		e->config.listen = NULL;
		return e;
	}
	exporter_stop(e);
	return NULL;
}

void exporter_stop(struct exporter *exporter)
{
	if (exporter == NULL)
		return;
	guests_free(exporter->guests);
	free(exporter);
}
