/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/order.h"

#include "policy/base/error.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a command is for when nobody says for how long. */
#define LASTING_DEFAULT "1h"

void order_rows(struct order *order, struct option_row rows[ORDER_ROWS])
{
	/* clang-format off */
	const struct option_row made[ORDER_ROWS] = {
		{ "bus", OPTION_TEXT, &order->bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "node", OPTION_TEXT, &order->node, "SOCKET",
		  "one daemon's control socket instead of the bus (WINDROSE_NODE)", 0, 0 },
		{ "key", OPTION_TEXT, &order->key, "PEM",
		  "your private key, for the bus (WINDROSE_KEY)", 0, 0 },
		{ "reason", OPTION_TEXT, &order->reason, "TEXT",
		  "why; an incident number is a good one", 0, 0 },
		{ "author", OPTION_TEXT, &order->author, "NAME",
		  "who; default: the login name", 0, 0 },
		{ "for", OPTION_TEXT, &order->lasting, "TIME",
		  "how long it holds, such as 2h; default " LASTING_DEFAULT, 0, 0 },
		{ "over", OPTION_TEXT, &order->over, "TIME",
		  "drain, undrain: move clients gradually, such as 10m", 0, 0 },
		{ "to", OPTION_TEXT, &order->to, "REGION|ENDPOINT",
		  "failover: the region that takes all clients; pin: what they get", 0, 0 },
		{ "clients", OPTION_TEXT, &order->clients, "SET",
		  "pin: the client set whose members are pinned", 0, 0 },
		{ "abort-when", OPTION_TEXT, &order->abort_when, "errors>PERCENT",
		  "drill: end it when more requests fail, such as errors>1%", 0, 0 },
		{ "approval", OPTION_FLAG, &order->approval, NULL,
		  "drain, failover, weight, pin, drill: where a rule that yields to two people "
		  "refuses it, hold it for a second", 0, 0 },
		{ "force", OPTION_FLAG, &order->force, NULL,
		  "go past a safety rule that two people may set aside", 0, 0 },
		{ "dry-run", OPTION_FLAG, &order->dry_run, NULL,
		  "show what it would do, and stop", 0, 0 },
		{ "yes", OPTION_FLAG, &order->yes, NULL,
		  "do not ask", 0, 0 },
		{ "json", OPTION_FLAG, &order->json, NULL,
		  "answer in JSON", 0, 0 },
		{ "wait", OPTION_NUMBER, &order->wait_s, "SECONDS",
		  "how long to wait for the nodes; default 10", 0, 3600 },
		{ "help", OPTION_FLAG, &order->help, NULL, "this text", 0, 0 },
	};
	/* clang-format on */

	memcpy(rows, made, sizeof(made));
}

/* Copies text that the wire format has a limit for. */
static bool fill(char *to, size_t size, const char *what, const char *text,
		 struct error *err)
{
	if (strlen(text) >= size) {
		error_set(err, "%s is longer than %zu octets", what, size - 1);
		return false;
	}
	strcpy(to, text);
	return true;
}

static bool set_duration(const char *option, const char *text, int64_t *out,
			 struct error *err)
{
	if (scalar_duration(text, out) && *out >= 0)
		return true;
	error_set(err,
		  "--%s is \"%s\"; it must be a time with its unit, such as "
		  "90s, 10m or 2h",
		  option, text);
	return false;
}

static bool set_weight(const char *text, uint32_t *out, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > 1000000) {
		error_set(err, "weight is \"%s\"; it must be 0..1000000", text);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* clang-format off */
/* What each verb's operands are. */
static const struct verb {
	const char *verb;
	enum command_kind kind;
	size_t operands;
	const char *usage;
} verbs[] = {
	{ "drain",    COMMAND_DRAIN,    1, "REGION|SERVICE/ENDPOINT" },
	{ "undrain",  COMMAND_UNDRAIN,  1, "REGION|SERVICE/ENDPOINT" },
	{ "failover", COMMAND_FAILOVER, 1, "SERVICE --to REGION" },
	{ "weight",   COMMAND_WEIGHT,   2, "SERVICE/ENDPOINT WEIGHT" },
	{ "pin",      COMMAND_PIN,      1, "SERVICE --clients SET --to REGION|ENDPOINT" },
	{ "cancel",   COMMAND_CANCEL,   1, "ID" },
	{ "approve",  COMMAND_APPROVE,  1, "ID" },
	{ "freeze",   COMMAND_FREEZE,   1, "all|SERVICE|SERVICE/CANARY" },
	{ "unfreeze", COMMAND_UNFREEZE, 1, "all|SERVICE|SERVICE/CANARY" },
	{ "undo",     COMMAND_UNDO,     1, "[ID]" },
};

static const struct {
	const char *action;
	enum command_kind kind;
} canary_actions[] = {
	{ "start",   COMMAND_CANARY_START },
	{ "promote", COMMAND_CANARY_PROMOTE },
	{ "pause",   COMMAND_CANARY_PAUSE },
	{ "resume",  COMMAND_CANARY_RESUME },
	{ "abort",   COMMAND_CANARY_ABORT },
};
/* clang-format on */

/* What is played, and how it ends by hand. */
#define DRILL_LOSS "region-loss"
#define DRILL_USAGE DRILL_LOSS "|abort REGION"

#define ROLLBACK_USAGE "plan [EPOCH/SEQUENCE]"

const char *order_usage(const char *verb)
{
	if (strcmp(verb, "rollback") == 0)
		return ROLLBACK_USAGE;
	if (strcmp(verb, "drill") == 0)
		return DRILL_USAGE;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			return verbs[i].usage;
	return "start|promote|pause|resume|abort NAME";
}

static bool read_canary(const struct order_words *words, struct command *out,
			struct error *err)
{
	for (size_t i = 0; words->count == 2 &&
			   i < sizeof(canary_actions) / sizeof(*canary_actions);
	     i++) {
		if (strcmp(words->operands[0], canary_actions[i].action) != 0)
			continue;
		out->kind = canary_actions[i].kind;
		return fill(out->target, sizeof(out->target), "the name",
			    words->operands[1], err);
	}
	error_set(err, "usage: windrose canary %s --reason TEXT",
		  order_usage("canary"));
	return false;
}

static bool read_rollback(const struct order_words *words, struct command *out,
			  struct error *err)
{
	if (words->count == 0 || words->count > 2 ||
	    strcmp(words->operands[0], "plan") != 0) {
		error_set(err, "usage: windrose rollback " ROLLBACK_USAGE
			       " --reason TEXT");
		return false;
	}
	out->kind = COMMAND_ROLLBACK;
	return fill(out->target, sizeof(out->target), "the plan",
		    words->count == 2 ? words->operands[1] : "previous", err);
}

static bool read_drill(const struct order_words *words, struct command *out,
		       struct error *err)
{
	bool loss = words->count == 2 &&
		    strcmp(words->operands[0], DRILL_LOSS) == 0;

	if (!loss &&
	    (words->count != 2 || strcmp(words->operands[0], "abort") != 0)) {
		error_set(err, "usage: windrose drill " DRILL_USAGE
			       " --reason TEXT, or windrose drill report ID");
		return false;
	}
	out->kind = loss ? COMMAND_DRAIN : COMMAND_UNDRAIN;
	out->drill = true;
	return fill(out->target, sizeof(out->target), "the region",
		    words->operands[1], err);
}

static bool read_verb(const struct order_words *words, struct command *out,
		      struct error *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(words->verb, v->verb) != 0)
			continue;
		if (v->kind == COMMAND_UNDO && words->count == 0) {
			out->kind = v->kind;
			return fill(out->target, sizeof(out->target), "",
				    "last", err);
		}
		if (words->count != v->operands) {
			error_set(err, "usage: windrose %s %s --reason TEXT",
				  v->verb, v->usage);
			return false;
		}
		out->kind = v->kind;
		if (v->kind == COMMAND_WEIGHT &&
		    !set_weight(words->operands[1], &out->weight, err))
			return false;
		return fill(out->target, sizeof(out->target), "the target",
			    words->operands[0], err);
	}
	if (strcmp(words->verb, "drill") == 0)
		return read_drill(words, out, err);
	return strcmp(words->verb, "rollback") == 0
		       ? read_rollback(words, out, err)
		       : read_canary(words, out, err);
}

/* Does this kind hold for a time, and so need an end? */
static bool lasts(enum command_kind kind)
{
	return kind == COMMAND_DRAIN || kind == COMMAND_FAILOVER ||
	       kind == COMMAND_WEIGHT || kind == COMMAND_FREEZE ||
	       kind == COMMAND_PIN;
}

/* An option that a verb does not know is a misunderstanding. */
static bool options_fit(const struct order *order, const struct command *c,
			struct error *err)
{
	const enum command_kind kind = c->kind;
	const bool ramps =
		!c->drill && (kind == COMMAND_DRAIN || kind == COMMAND_UNDRAIN);
	const bool guarded = kind == COMMAND_DRAIN ||
			     kind == COMMAND_FAILOVER ||
			     kind == COMMAND_WEIGHT || kind == COMMAND_PIN;
	const struct {
		const char *name, *value;
		bool fits;
	} rows[] = {
		{ "for", order->lasting, lasts(kind) },
		{ "over", order->over, ramps },
		{ "to", order->to,
		  kind == COMMAND_FAILOVER || kind == COMMAND_PIN },
		{ "clients", order->clients, kind == COMMAND_PIN },
		{ "abort-when", order->abort_when,
		  c->drill && kind == COMMAND_DRAIN },
		{ "approval", order->approval ? "" : NULL, guarded },
		{ "force", order->force ? "" : NULL,
		  guarded || kind == COMMAND_UNDO || kind == COMMAND_ROLLBACK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL && !rows[i].fits) {
			error_set(err, "%s does not take --%s", command_verb(c),
				  rows[i].name);
			return false;
		}
	return true;
}

/* errors>1% */
static bool set_abort(const char *text, double *out, struct error *err)
{
	static const char begin[] = "errors>";
	double pct;
	char *end;

	if (strncmp(text, begin, strlen(begin)) == 0) {
		text += strlen(begin);
		pct = strtod(text, &end);
		if (*text >= '0' && *text <= '9' && strcmp(end, "%") == 0 &&
		    pct > 0 && pct <= 100) {
			*out = pct;
			return true;
		}
	}
	error_set(err, "--abort-when is not like errors>1%%, more than 0%% and "
		       "at most 100%%");
	return false;
}

static bool set_times(const struct order *order, struct command *out,
		      struct error *err)
{
	const char *lasting =
		order->lasting == NULL ? LASTING_DEFAULT : order->lasting;
	int64_t lasting_ms;

	if (order->over != NULL &&
	    !set_duration("over", order->over, &out->over_ms, err))
		return false;
	if (!lasts(out->kind))
		return true;
	if (!set_duration("for", lasting, &lasting_ms, err))
		return false;
	out->wall_expires_ms = out->wall_made_ms + lasting_ms;
	return true;
}

bool order_command(const struct order *order, const struct order_words *words,
		   struct command *out, struct error *err)
{
	struct command c = { .wall_made_ms = order->wall_ms };

	if (!read_verb(words, &c, err) || !options_fit(order, &c, err))
		return false;
	if (order->reason == NULL) {
		error_set(err, "--reason TEXT is missing: every change says "
			       "why");
		return false;
	}
	if (order->author == NULL) {
		error_set(err, "--author NAME is missing and there is no login "
			       "name");
		return false;
	}
	if (c.kind == COMMAND_FAILOVER && order->to == NULL) {
		error_set(err, "failover needs --to REGION");
		return false;
	}
	if (c.kind == COMMAND_PIN &&
	    (order->to == NULL || order->clients == NULL)) {
		error_set(err,
			  "pin needs --clients SET and --to REGION|ENDPOINT");
		return false;
	}
	if (!set_times(order, &c, err) ||
	    !fill(c.id, sizeof(c.id), "the id", order->id, err) ||
	    !fill(c.reason, sizeof(c.reason), "--reason", order->reason, err) ||
	    !fill(c.author, sizeof(c.author), "--author", order->author, err))
		return false;
	if (order->to != NULL &&
	    !fill(c.to, sizeof(c.to), "--to", order->to, err))
		return false;
	if (order->clients != NULL && !fill(c.clients, sizeof(c.clients),
					    "--clients", order->clients, err))
		return false;
	if (order->abort_when != NULL &&
	    !set_abort(order->abort_when, &c.abort_errors_pct, err))
		return false;
	c.approval = order->approval;
	c.force = order->force;
	*out = c;
	return true;
}
