/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/top.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "steering/runbook/change.h"
#include "steering/runbook/key.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/picture.h"
#include "steering/runbook/poller.h"
#include "steering/runbook/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <jansson.h>

enum { EVERY_S = 2, EVERY_MAX_S = 3600, TICK_MS = 1000, KEYS_AT_ONCE = 64 };

struct options {
	struct order order; /* of it only where to ask is used */
	unsigned every_s;
	bool help;
};

struct top {
	struct terminal *terminal;
	struct poller *poller;
	int signals; /* signalfd */
	struct key_state keys;
	struct json_t *status; /* the newest that came; or NULL */
	int64_t came_ms;       /* when it did */
	struct error err;      /* why there is nothing newer */
	bool troubled;
	int ended_by; /* a signal; 0: none */
	struct picture picture;
};

static enum program_status read_options(struct options *o, int argc,
					char **argv)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &o->order.bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "node", OPTION_TEXT, &o->order.node, "SOCKET",
		  "one daemon's control socket (WINDROSE_NODE)", 0, 0 },
		{ "key", OPTION_TEXT, &o->order.key, "PEM",
		  "your private key, for the bus (WINDROSE_KEY)", 0, 0 },
		{ "every", OPTION_NUMBER, &o->every_s, "SECONDS",
		  "top: ask again after so long; default 2", 1, EVERY_MAX_S },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
	};
	const struct invocation call = {
		"top", "[options]", rows, sizeof(rows) / sizeof(rows[0]),
		0,     &o->help,
	};

	return invocation_read(&call, argc, argv, NULL);
}

static void show(struct top *t)
{
	struct picture_mode mode = {
		.utf8 = terminal_is_utf8(),
		.paused = t->keys.paused,
		.typing = t->keys.typing,
		.order = t->keys.order,
		.scroll = t->keys.scroll,
		.trouble = t->troubled ? t->err.text : NULL,
		.wall_ms = clock_wall_ms(),
		.age_ms = clock_now_ms() - t->came_ms,
	};

	memcpy(mode.filter, t->keys.filter, sizeof(mode.filter));
	terminal_size(&mode.width, &mode.height);
	picture_draw(t->status, &mode, &t->picture);
	t->keys.scroll = t->picture.scroll;
	t->keys.page = t->picture.height;
	terminal_show(t->terminal, &t->picture);
}

static void take_news(struct top *t)
{
	struct json_t *status;

	if (!poller_take(t->poller, &status, &t->err)) {
		t->troubled = true;
		return;
	}
	/* What is looked at stays, so that it can be read. */
	if (t->keys.paused) {
		json_decref(status);
		return;
	}
	json_decref(t->status);
	t->status = status;
	t->came_ms = clock_now_ms();
	t->troubled = false;
}

/* False when there is an end of it. */
static bool take_keys(struct top *t)
{
	char keys[KEYS_AT_ONCE];
	ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

	if (count <= 0)
		return count < 0 && errno == EINTR;
	return key_take(&t->keys, keys, (size_t)count);
}

/* As a shell expects of who is told to stop; and back again. */
static void stop_for_now(struct top *t)
{
	terminal_leave(t->terminal);
	raise(SIGSTOP);
	terminal_enter(t->terminal);
}

/* False when there is an end of it. */
static bool take_signal(struct top *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return true;
	switch (info.ssi_signo) {
	case SIGWINCH:
	case SIGCONT:
		return true;
	case SIGTSTP:
		stop_for_now(t);
		return true;
	default:
		t->ended_by = (int)info.ssi_signo;
		return false;
	}
}

static void run(struct top *t)
{
	struct pollfd from[] = {
		{ .fd = t->signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = poller_descriptor(t->poller), .events = POLLIN },
	};
	bool going = true;

	terminal_enter(t->terminal);
	while (going) {
		show(t);
		if (poll(from, 3, TICK_MS) < 0 && errno != EINTR)
			break;
		if (from[0].revents != 0)
			going = take_signal(t);
		if (going && from[1].revents != 0)
			going = take_keys(t);
		if (from[2].revents != 0)
			take_news(t);
	}
	terminal_leave(t->terminal);
}

static void block_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
				       SIGTSTP, SIGCONT, SIGWINCH };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
}

/* Whoever waits for us sees that a signal ended us. */
static void end_by(int signal_number, const sigset_t *blocked)
{
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, blocked, NULL);
}

static int start(struct top *t, struct options *o, struct link **link)
{
	struct error err;
	int status;

	t->terminal = terminal_open(&err);
	if (t->terminal == NULL) {
		fprintf(stderr, "windrose top: %s\n", err.text);
		return EXIT_USAGE;
	}
	status = change_open(&o->order, link);
	if (status != EXIT_DONE)
		return status;
	t->poller = poller_start(*link, (int64_t)o->every_s * 1000, &err);
	if (t->poller != NULL && t->signals >= 0)
		return EXIT_DONE;
	fprintf(stderr, "windrose top: %s\n",
		t->poller == NULL ? err.text : "no descriptor for signals");
	return EXIT_FAILED;
}

int top_run(int argc, char **argv)
{
	struct options options = { .every_s = EVERY_S };
	struct link *link = NULL;
	struct top *t;
	sigset_t blocked;
	int status = read_options(&options, argc, argv), ended_by;

	if (status != PROGRAM_GO)
		return status;
	t = calloc(1, sizeof(*t));
	if (t == NULL) {
		fprintf(stderr, "windrose top: out of memory\n");
		return EXIT_FAILED;
	}
	json_object_seed(0); /* before there are two threads */
	block_signals(&blocked);
	t->signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	status = start(t, &options, &link);
	if (status == EXIT_DONE)
		run(t);
	terminal_close(t->terminal);
	poller_stop(t->poller);
	link_free(link);
	json_decref(t->status);
	if (t->signals >= 0)
		close(t->signals);
	ended_by = t->ended_by;
	free(t);
	if (ended_by != 0)
		end_by(ended_by, &blocked);
	return status;
}
