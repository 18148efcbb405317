/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/picture.h"

#include "steering/runbook/field.h"

#include "steering/runbook/glyph.h"
#include "steering/runbook/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

enum { HEADER = 2, FOOTER = 1, SAID_SIZE = 600 };

/* One line more, if there is room. */
static void add_line(struct picture *out, const struct picture_mode *mode,
		     enum board_style style, const char *text)
{
	unsigned width = mode->width < PICTURE_WIDTH_MAX ? mode->width
							 : PICTURE_WIDTH_MAX;

	out->lines[out->height].style = style;
	glyph_copy(text, width, mode->utf8, out->lines[out->height].text,
		   PICTURE_LINE_SIZE);
	out->height++;
}

/* "windrose top  steer1 leads  plan 5.17  03:12:09Z" */
static void say_who(const struct json_t *status,
		    const struct picture_mode *mode, char *out)
{
	const struct json_t *node = json_object_get(status, "node");
	const struct json_t *plan = json_object_get(status, "plan");
	int64_t s = mode->wall_ms / 1000;

	if (node == NULL)
		node = status;
	snprintf(out, SAID_SIZE,
		 "windrose top  %.100s %.20s%s  plan %" PRId64 ".%" PRId64
		 "  %02d:%02d:%02dZ%s",
		 status == NULL ? "-" : field_text(node, "name"),
		 field_text(node, "role"),
		 json_is_true(json_object_get(status, "leads")) ? " leads" : "",
		 field_number(plan == NULL ? node : plan,
			      plan == NULL ? "plan_epoch" : "epoch"),
		 field_number(plan == NULL ? node : plan,
			      plan == NULL ? "plan_sequence" : "sequence"),
		 (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60),
		 mode->paused ? "  PAUSED" : "");
}

static void say_fleet(const struct json_t *status, char *out)
{
	const struct json_t *fleet = json_object_get(status, "fleet");
	char lag[48];
	size_t len;

	if (fleet == NULL) {
		snprintf(out, SAID_SIZE, "one node alone");
		return;
	}
	len = (size_t)snprintf(out, SAID_SIZE,
			       "fleet: %" PRId64 " of %" PRId64
			       " have the plan, %" PRId64 " nodes",
			       field_number(fleet, "have"),
			       field_number(fleet, "followers"),
			       field_number(fleet, "nodes"));
	if (*field_text(fleet, "last") != '\0')
		snprintf(out + len, SAID_SIZE - len,
			 "; longest behind: %.100s, %s",
			 field_text(fleet, "last"),
			 render_duration(field_number(fleet, "lag_ms"), lag,
					 sizeof(lag)));
}

static void draw_header(const struct json_t *status,
			const struct picture_mode *mode, struct picture *out)
{
	char said[SAID_SIZE], age[48];

	say_who(status, mode, said);
	add_line(out, mode, BOARD_TITLE, said);
	if (mode->height < HEADER + FOOTER + 1)
		return;
	if (mode->trouble != NULL) {
		if (status == NULL)
			snprintf(said, sizeof(said), "!! %.400s",
				 mode->trouble);
		else
			snprintf(said, sizeof(said), "!! %s old: %.400s",
				 render_duration(mode->age_ms, age,
						 sizeof(age)),
				 mode->trouble);
		add_line(out, mode, BOARD_URGENT, said);
		return;
	}
	if (status == NULL)
		snprintf(said, sizeof(said), "asking ...");
	else
		say_fleet(status, said);
	add_line(out, mode, BOARD_PLAIN, said);
}

static void draw_footer(const struct picture_mode *mode, struct picture *out)
{
	char said[SAID_SIZE], left[40] = "";

	if (out->scroll_max > 0)
		snprintf(left, sizeof(left), "  row %zu of %zu",
			 out->scroll + 1, out->scroll_max + 1);
	if (mode->typing)
		snprintf(said, sizeof(said),
			 "filter: %s_  (Enter keeps it, Esc drops it)",
			 mode->filter);
	else
		snprintf(said, sizeof(said),
			 "q quit  p pause  s sort (%s)  / filter%s%s  "
			 "arrows scroll%s",
			 board_order_name(mode->order),
			 mode->filter[0] == '\0' ? "" : ": ", mode->filter,
			 left);
	add_line(out, mode, BOARD_TITLE, said);
}

static void draw_rows(const struct board *board, unsigned room,
		      const struct picture_mode *mode, struct picture *out)
{
	out->scroll_max = board->count > room ? board->count - room : 0;
	out->scroll =
		mode->scroll < out->scroll_max ? mode->scroll : out->scroll_max;
	for (unsigned i = 0; i < room; i++) {
		size_t row = out->scroll + i;

		if (row < board->count)
			add_line(out, mode, board->rows[row].style,
				 board->rows[row].text);
		else
			add_line(out, mode, BOARD_PLAIN, "");
	}
}

bool picture_draw(const struct json_t *status, const struct picture_mode *mode,
		  struct picture *out)
{
	const struct board_wish wish = { mode->order, mode->filter,
					 mode->wall_ms };
	unsigned height = mode->height < PICTURE_HEIGHT_MAX
				  ? mode->height
				  : PICTURE_HEIGHT_MAX;
	struct board board = { 0 };
	bool ok;

	out->height = 0;
	out->scroll = out->scroll_max = 0;
	ok = board_write(status, &wish, &board);
	draw_header(status, mode, out);
	if (height > out->height + FOOTER)
		draw_rows(&board, height - out->height - FOOTER, mode, out);
	if (height > out->height)
		draw_footer(mode, out);
	board_fini(&board);
	return ok;
}
