/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/succession.h"

#include "dns/console.h"
#include "dns/handover.h"
#include "dns/lastgood.h"
#include "dns/tcp.h"
#include "dns/transports.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/control.h"

#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>
#include <jansson.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* how often it is seen whether all has ended */

struct succession {
	struct succession_config config;
	struct console *console;   /* where the successor asked */
	struct handover *handover; /* GIVING */
	struct event *look;
	bool ending;
};

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct succession *s = arg;

	(void)fd, (void)what;
	if (!tcp_is_over(s->config.transports->tcp))
		return;
	event_del(s->look);
	log_event(LOG_LEVEL_INFO, "dns", "relieved", "state=ended");
	s->config.on_over(s->config.arg);
}

/* What is queued in the sockets is the successor's. */
static void end(struct succession *s)
{
	const struct timeval often = { .tv_usec = LOOK_MS * 1000 };

	log_event(LOG_LEVEL_INFO, "dns", "relieved", "state=ending");
	s->ending = true;
	console_leave(s->console);
	tcp_finish(s->config.transports->tcp);
	event_add(s->look, &often);
	s->config.on_end(s->config.arg);
}

static void go_on(struct succession *s)
{
	log_event(LOG_LEVEL_WARN, "dns", "take-over",
		  "state=failed hint=\"this instance goes on\"");
	console_hold(s->console, false);
	lastgood_unsettle(s->config.lastgood);
}

static void on_done(void *arg, bool relieved)
{
	struct succession *s = arg;

	handover_free(s->handover);
	s->handover = NULL;
	if (relieved)
		end(s);
	else
		go_on(s);
}

/* Who may have the sockets: root, and who could end this process anyway. */
static const char *deny(const struct succession *s,
			const struct control_call *call)
{
	struct control_peer peer;

	if (!control_peer(call, &peer) ||
	    (peer.uid != 0 && peer.uid != geteuid()))
		return "only root and the user that it runs as may take over";
	if (s->handover != NULL || s->ending)
		return "another instance is taking over";
	return NULL;
}

void succession_ask(struct succession *s, struct console *console,
		    struct control_call *call)
{
	const struct handover_offer offer = {
		.listeners = &s->config.transports->listeners,
		.control_fd = console_descriptor(console),
		.done = on_done,
		.arg = s,
	};
	const char *denial = deny(s, call);
	struct error err;

	if (denial != NULL) {
		control_answer(call, json_pack("{s:b, s:s}", "ok", 0, "error",
					       denial));
		return;
	}
	s->console = console;
	console_hold(console, true);
	lastgood_settle(s->config.lastgood);
	s->handover = handover_give(s->config.loop, call, &offer, &err);
	if (s->handover == NULL)
		go_on(s);
}

struct succession *succession_new(const struct succession_config *config,
				  struct error *err)
{
	struct succession *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->config = *config;
		s->look = event_new(config->loop, -1, EV_PERSIST, on_look, s);
	}
	if (s != NULL && s->look != NULL)
		return s;
	error_set(err, "out of memory for a successor");
	succession_free(s);
	return NULL;
}

void succession_free(struct succession *s)
{
	if (s == NULL)
		return;
	handover_free(s->handover);
	if (s->look != NULL)
		event_free(s->look);
	free(s);
}
