/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/terminal.h"

#include "policy/base/error.h"
#include "steering/runbook/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
	struct termios before;
	bool entered;
	bool dumb, colours;
};

/* ECMA-48, 8.3: private modes of xterm for a second screen and the cursor. */
static const char enter[] = "\033[?1049h\033[?25l\033[H\033[J";
static const char leave[] = "\033[0m\033[?25h\033[?1049l";

struct terminal *terminal_open(struct error *err)
{
	const char *kind = getenv("TERM"), *plain = getenv("NO_COLOR");
	struct terminal *t;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, "standard input and output must be a terminal; "
			       "in a script use windrose status");
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL || tcgetattr(STDIN_FILENO, &t->before) != 0) {
		error_set(err, "the terminal does not tell how it is set");
		free(t);
		return NULL;
	}
	t->dumb = kind == NULL || *kind == '\0' || strcmp(kind, "dumb") == 0;
	t->colours = !t->dumb && (plain == NULL || *plain == '\0');
	return t;
}

void terminal_enter(struct terminal *t)
{
	struct termios keys = t->before;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	t->entered = true;
	tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	if (!t->dumb)
		fputs(enter, stdout);
	fflush(stdout);
}

void terminal_leave(struct terminal *t)
{
	if (!t->entered)
		return;
	t->entered = false;
	if (!t->dumb)
		fputs(leave, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

void terminal_size(unsigned *width, unsigned *height)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){ 0 };
	*width = size.ws_col == 0 ? 80 : size.ws_col;
	*height = size.ws_row == 0 ? 24 : size.ws_row;
}

/* The first of the three that says something; locale(7). */
bool terminal_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || *value == '\0')
			continue;
		value = strrchr(value, '.');
		return value != NULL && (strcasecmp(value, ".UTF-8") == 0 ||
					 strcasecmp(value, ".utf8") == 0);
	}
	return false;
}

/* Select graphic rendition: colours and weight, or weight alone. */
static const char *style_of(const struct terminal *t, enum board_style style)
{
	static const char *const coloured[BOARD_STYLES] = {
		[BOARD_PLAIN] = "",
		[BOARD_TITLE] = "\033[1m",
		[BOARD_NOTE] = "\033[36m",
		[BOARD_WARN] = "\033[33m",
		[BOARD_URGENT] = "\033[1;31m",
	};
	static const char *const bare[BOARD_STYLES] = {
		[BOARD_PLAIN] = "",         [BOARD_TITLE] = "\033[1m",
		[BOARD_NOTE] = "",          [BOARD_WARN] = "",
		[BOARD_URGENT] = "\033[1m",
	};

	return t->colours ? coloured[style] : bare[style];
}

static void show_plainly(const struct picture *picture)
{
	for (unsigned i = 0; i < picture->height; i++)
		printf("%s\n", picture->lines[i].text);
}

/* Line by line over what is there, so that nothing flickers. */
void terminal_show(struct terminal *t, const struct picture *picture)
{
	if (!t->entered)
		return;
	if (t->dumb) {
		show_plainly(picture);
		fflush(stdout);
		return;
	}
	fputs("\033[H", stdout);
	for (unsigned i = 0; i < picture->height; i++)
		printf("%s%s\033[0m\033[K%s",
		       style_of(t, picture->lines[i].style),
		       picture->lines[i].text,
		       i + 1 < picture->height ? "\r\n" : "\033[J");
	fflush(stdout);
}

void terminal_close(struct terminal *t)
{
	if (t == NULL)
		return;
	terminal_leave(t);
	free(t);
}
