/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/console.h"

#include "dns/feed.h"
#include "policy/base/error.h"
#include "policy/bus/command.h"
#include "policy/bus/control.h"
#include "policy/bus/member.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct console {
	struct console_config config;
	struct control *control;
	bool held; /* another instance has the socket, too */
};

static json_t *refuse(const char *why)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error",
			 member_clean_text(why));
}

static json_t *agree(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *answer_status(struct console *console, const json_t *request)
{
	(void)request;
	return console->config.status(console->config.arg);
}

static json_t *answer_reload(struct console *console, const json_t *request)
{
	(void)request;
	console->config.reload(console->config.arg);
	return agree();
}

static json_t *answer_command(struct console *console, const json_t *request)
{
	const json_t *json = json_object_get(request, "command");
	struct command command;
	struct error err;

	if (console->held)
		return refuse("another instance is taking over; ask again "
			      "in a moment");
	if (json == NULL)
		return refuse("the request has no \"command\"");
	if (!command_parse(json, &command, &err) ||
	    !feed_command(console->config.feed, &command, &err))
		return refuse(err.text);
	return agree();
}

static json_t *answer_standing(struct console *console, const json_t *request)
{
	const char *name =
		json_string_value(json_object_get(request, "service"));
	json_t *json;

	if (name == NULL)
		return refuse("the request has no \"service\"");
	json = feed_standing(console->config.feed, name);
	if (json == NULL)
		return refuse("there is no such service");
	json_object_set_new(json, "ok", json_true());
	return json;
}

static const struct {
	const char *op;
	json_t *(*answer)(struct console *console, const json_t *request);
} ops[] = {
	{ "status", answer_status },
	{ "command", answer_command },
	{ "standing", answer_standing },
	{ "reload", answer_reload },
};

static json_t *answer(struct console *console, const json_t *request)
{
	const char *op = json_string_value(json_object_get(request, "op"));

	for (size_t i = 0; op != NULL && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(op, ops[i].op) == 0)
			return ops[i].answer(console, request);
	return refuse("\"op\" must be status, command, standing, reload or "
		      "take-over");
}

static void on_request(void *arg, const json_t *request,
		       struct control_call *call)
{
	struct console *console = arg;
	const char *op = json_string_value(json_object_get(request, "op"));

	if (op != NULL && strcmp(op, "take-over") == 0)
		console->config.take_over(console->config.arg, call);
	else
		control_answer(call, answer(console, request));
}

struct console *console_start(struct event_base *loop,
			      const struct console_config *config,
			      struct error *err)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL) {
		error_set(err, "out of memory for the control socket");
		return NULL;
	}
	console->config = *config;
	console->held = config->control_fd >= 0;
	console->control =
		config->control_fd >= 0
			? control_adopt(loop, config->path, config->control_fd,
					on_request, console, err)
			: control_start(loop, config->path, on_request, console,
					err);
	if (console->control == NULL) {
		free(console);
		return NULL;
	}
	return console;
}

int console_descriptor(const struct console *console)
{
	return control_descriptor(console->control);
}

void console_hold(struct console *console, bool held)
{
	console->held = held;
}

void console_leave(struct console *console)
{
	console->held = false;
	control_leave(console->control);
}

void console_stop(struct console *console)
{
	if (console == NULL)
		return;
	if (console->held)
		console_leave(console);
	control_stop(console->control);
	free(console);
}
