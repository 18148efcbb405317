/* SPDX-License-Identifier: Apache-2.0 */
/* windrose -- the command: review a policy, run the fleet, all in one. */
#include "policy/keys/keygen.h"
#include "policy/review/check.h"
#include "policy/review/diff.h"
#include "policy/review/explain.h"
#include "policy/review/fmt.h"
#include "policy/review/help.h"
#include "policy/review/init.h"
#include "policy/review/prove.h"
#include "policy/review/schema.h"
#include "policy/review/simulate.h"
#include "policy/review/test.h"
#include "steering/runbook/change.h"
#include "steering/runbook/doctor.h"
#include "steering/runbook/force.h"
#include "steering/runbook/look.h"
#include "steering/runbook/names.h"
#include "steering/runbook/publish.h"
#include "steering/runbook/rollout.h"
#include "steering/runbook/top.h"
#include "steering/runbook/watch.h"
#include "steering/runbook/windrose-up.h"

#include "policy/base/nearest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct command_row {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
	const char *help; /* NULL: not for people */
} commands[] = {
	{ "init",     review_init,    "write a first policy, with what its keys mean" },
	{ "check",    review_check,   "find every mistake in a policy" },
	{ "test",     review_test,    "run the tests that stand beside a policy" },
	{ "prove",    review_prove,   "that the walls hold, whatever fails" },
	{ "diff",     review_diff,    "what a change does to traffic" },
	{ "simulate", review_simulate,
	  "the load of regions over time, while some fail" },
	{ "explain",  review_explain, "what a client gets, and why" },
	{ "help",     review_help,    "what a code like WR0402 means" },
	{ "schema",   review_schema,  "the policy language, for editors (JSON Schema)" },
	{ "fmt",      review_fmt,     "bring a policy's files into their form" },
	{ "keygen",   keygen_run,     "make keys that sign a zone, and change their times" },
	{ "ds",       keygen_ds,      "what the parent of a signed zone has to be told" },
	{ "up",       up_run,         "responder, prober and agent in one process, no Redis" },
	{ "status",   look_status,    "services, endpoints, shares, commands in force, nodes" },
	{ "top",      top_run,        "the same, live in a terminal" },
	{ "watch",    watch_run,      "what changes, a line each" },
	{ "drain",    change_run,     "take clients away" },
	{ "undrain",  change_run,     "give them back" },
	{ "failover", change_run,     "send all clients to one region" },
	{ "weight",   change_run,     "change an endpoint's weight" },
	{ "pin",      change_run,     "hold the clients of a set to one region" },
	{ "cancel",   change_run,     "end a command before its time" },
	{ "freeze",   change_run,     "stop what moves by itself" },
	{ "unfreeze", change_run,     "let it go on" },
	{ "undo",     change_run,     "take a change back" },
	{ "drill",    look_drill,     "play the loss of a region, and see what it did" },
	{ "approve",  change_run,     "let a command through that waits for you" },
	{ "canary",   look_canary,    "move a canary, see how it stands and what it did" },
	{ "publish",  publish_run,    "send a policy out to responders, wave by wave" },
	{ "rollout",  rollout_run,    "how a policy goes out; take it back" },
	{ "rollback", change_run,     "put an earlier plan in force again" },
	{ "plans",    look_plans,     "the earlier plans, and what they decided" },
	{ "force",    force_run,      "tell one prober what an endpoint is" },
	{ "history",  look_history,   "who changed what, and why" },
	{ "bus",      doctor_run,     "bus doctor: what is wrong with a Redis" },
	{ "names",    names_run,      NULL }, /* for the shells' completion */
};
/* clang-format on */

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *out)
{
	fprintf(out, "usage: windrose COMMAND ...\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].help != NULL)
			fprintf(out, "  %-9s %s\n", commands[i].name,
				commands[i].help);
	fprintf(out, "  --help    this text\n"
		     "  --version the version\n");
	fprintf(out, "\nwindrose COMMAND --help says more; so does "
		     "windrose(1).\n");
}

static int refuse(const char *word)
{
	const char *known[COMMANDS];
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].help != NULL)
			known[count++] = commands[i].name;
	near = nearest_word(word, known, count);
	if (near != NULL)
		fprintf(stderr,
			"windrose: no command \"%s\"; did you mean \"%s\"?\n",
			word, near);
	else
		fprintf(stderr,
			"windrose: no command \"%s\"; see windrose --help\n",
			word);
	return EXIT_USAGE;
}

static const struct command_row *find_command(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* "help drain" is "drain --help". */
static int help_with(const struct command_row *command)
{
	char name[16], word[] = "--help";
	char *argv[] = { name, word, NULL };

	snprintf(name, sizeof(name), "%s", command->name);
	return command->run(2, argv);
}

int main(int argc, char **argv)
{
	const struct command_row *command;

	/* A pipe that is closed early is told by the write that fails. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("windrose %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "help") == 0 &&
	    find_command(argv[2]) != NULL)
		return help_with(find_command(argv[2]));
	command = find_command(argv[1]);
	return command == NULL ? refuse(argv[1])
			       : command->run(argc - 1, argv + 1);
}
