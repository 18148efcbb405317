/* SPDX-License-Identifier: Apache-2.0 */
/* doubt: what a plan says of an earlier one that nobody answered. */
#include "policy/bus/plan.h"
#include "steering/doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Of plan 5.7, with command c-1, made from 5.6. */
static const struct row {
	const char *title;
	uint64_t epoch, sequence, base_epoch, base_sequence;
	const char *command; /* in force in it, or NULL */
	enum doubt_end end;
} rows[] = {
	/* clang-format off */
	{ "the one before says nothing",        5, 6, 5, 5, NULL,  DOUBT_OPEN },
	{ "nor an earlier leader's",            4, 9, 4, 8, NULL,  DOUBT_OPEN },
	{ "it is there itself",                 5, 7, 5, 6, NULL,  DOUBT_IN_FORCE },
	{ "its successor",                      5, 8, 5, 7, NULL,  DOUBT_IN_FORCE },
	{ "its successor under another leader", 6, 8, 5, 7, NULL,  DOUBT_IN_FORCE },
	{ "one made without it",                5, 8, 5, 6, NULL,  DOUBT_NOT },
	{ "by another leader",                  6, 8, 5, 6, NULL,  DOUBT_NOT },
	{ "from an older leader's",             6, 8, 4, 9, NULL,  DOUBT_NOT },
	{ "its command is there by itself",     5, 8, 5, 6, "c-1", DOUBT_NOT },
	{ "too much was missed",                5, 9, 5, 8, NULL,  DOUBT_LOST },
	{ "but its command is in force",        5, 9, 5, 8, "c-1", DOUBT_IN_FORCE },
	{ "another command is not",             5, 9, 5, 8, "c-2", DOUBT_LOST },
	{ "by an agent that names no base",     6, 8, 0, 0, NULL,  DOUBT_LOST },
	{ "and has its command",                6, 8, 0, 0, "c-1", DOUBT_IN_FORCE },
	/* clang-format on */
};

static struct plan plan_of(const struct row *row, struct command *command)
{
	struct plan plan = { .epoch = row->epoch,
			     .sequence = row->sequence,
			     .base_epoch = row->base_epoch,
			     .base_sequence = row->base_sequence };

	*command = (struct command){ .kind = COMMAND_DRAIN };
	if (row->command != NULL) {
		strcpy(command->id, row->command);
		plan.commands = command;
		plan.command_count = 1;
	}
	return plan;
}

static void add_doubt(struct doubts *doubts, uint64_t sequence)
{
	struct plan plan = { .epoch = 5, .sequence = sequence };
	struct audit_event event = { .kind = "command", .id = "c-1" };
	struct audit_event expired = { .kind = "expired", .id = "c-2" };
	struct audit audit = { .list = NULL };

	audit_add(&audit, &event);
	audit_add(&audit, &expired);
	doubts_add(doubts, &plan, &audit);
	assert_int_equal(audit.count, 0);
	assert_null(audit.list);
}

static void test_judge(void **state)
{
	struct doubts doubts = { .count = 0 };
	int wrong = 0;

	(void)state;
	add_doubt(&doubts, 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct command command;
		struct plan plan = plan_of(&rows[i], &command);
		enum doubt_end end = doubt_judge(&doubts.list[0], &plan);

		if (end == rows[i].end)
			continue;
		print_error("%s: %d\n", rows[i].title, (int)end);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	doubts_fini(&doubts);
	assert_int_equal(doubts.count, 0);
}

/* One that two leaders may have let through tells nothing. */
static void test_approved(void **state)
{
	struct audit_event event = { .kind = "command",
				     .id = "c-1",
				     .repeatable = true };
	struct command command = { .kind = COMMAND_DRAIN, .id = "c-1" };
	struct plan sent = { .epoch = 5, .sequence = 7 };
	struct plan seen = { .epoch = 6,
			     .sequence = 9,
			     .base_epoch = 6,
			     .base_sequence = 8,
			     .commands = &command,
			     .command_count = 1 };
	struct doubts doubts = { .count = 0 };
	struct audit audit = { .list = NULL };

	(void)state;
	audit_add(&audit, &event);
	doubts_add(&doubts, &sent, &audit);
	assert_int_equal(doubt_judge(&doubts.list[0], &seen), DOUBT_LOST);
	doubts_fini(&doubts);
}

/* They stay in order, and only so many. */
static void test_list(void **state)
{
	struct doubts doubts = { .count = 0 };

	(void)state;
	for (uint64_t i = 1; i <= DOUBTS_MAX + 2; i++)
		add_doubt(&doubts, i);
	assert_int_equal(doubts.count, DOUBTS_MAX);
	assert_int_equal(doubts.list[0].sequence, 3);
	doubts_drop(&doubts, 1);
	assert_int_equal(doubts.count, DOUBTS_MAX - 1);
	assert_int_equal(doubts.list[0].sequence, 3);
	assert_int_equal(doubts.list[1].sequence, 5);
	assert_int_equal(doubts.list[DOUBTS_MAX - 2].sequence, DOUBTS_MAX + 2);
	doubts_fini(&doubts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_approved),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
