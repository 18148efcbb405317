/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/key.h"

#include <stdint.h>
#include <string.h>

static void up(struct key_state *s, size_t rows)
{
	s->scroll -= rows < s->scroll ? rows : s->scroll;
}

static void down(struct key_state *s, size_t rows)
{
	s->scroll += rows;
}

static size_t page_of(const struct key_state *s)
{
	return s->page > 5 ? s->page - 4 : 1;
}

/* ECMA-48 control sequences that terminals send for keys. */
static size_t take_sequence(struct key_state *s, const char *octets, size_t len)
{
	size_t n = 2;

	/* Parameters and intermediates, up to the final octet. */
	while (n < len && octets[n] >= 0x20 && octets[n] < 0x40)
		n++;
	if (n == len)
		return len;
	switch (octets[n]) {
	case 'A':
		up(s, 1);
		break;
	case 'B':
		down(s, 1);
		break;
	case 'H':
		s->scroll = 0;
		break;
	case 'F':
		s->scroll = SIZE_MAX / 2;
		break;
	case '~':
		if (octets[2] == '5')
			up(s, page_of(s));
		else if (octets[2] == '6')
			down(s, page_of(s));
		break;
	default:
		break;
	}
	return n + 1;
}

static void type(struct key_state *s, char key)
{
	size_t len = strlen(s->filter);

	if (key == '\n' || key == '\r') {
		s->typing = false;
	} else if (key == '\033') {
		s->typing = false;
		s->filter[0] = '\0';
	} else if (key == '\b' || key == 0x7f) {
		/* A whole character of UTF-8. */
		while (len > 0 && (s->filter[--len] & 0xc0) == 0x80)
			;
		s->filter[len] = '\0';
	} else if ((unsigned char)key >= 0x20 && len + 1 < sizeof(s->filter)) {
		s->filter[len] = key;
		s->filter[len + 1] = '\0';
	}
	s->scroll = 0;
}

/* False: it is to end. */
static bool press(struct key_state *s, char key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case 4: /* Ctrl-D */
		return false;
	case 'p':
	case ' ':
		s->paused = !s->paused;
		break;
	case 's':
		s->order = (s->order + 1) % BOARD_ORDERS;
		break;
	case '/':
		s->typing = true;
		break;
	case 'j':
		down(s, 1);
		break;
	case 'k':
		up(s, 1);
		break;
	case 'g':
		s->scroll = 0;
		break;
	case 'G':
		s->scroll = SIZE_MAX / 2;
		break;
	default:
		break;
	}
	return true;
}

bool key_take(struct key_state *s, const char *octets, size_t len)
{
	for (size_t i = 0; i < len;) {
		bool sequence = octets[i] == '\033' && i + 2 < len &&
				(octets[i + 1] == '[' || octets[i + 1] == 'O');

		if (sequence) {
			i += take_sequence(s, octets + i, len - i);
			continue;
		}
		if (s->typing)
			type(s, octets[i]);
		else if (!press(s, octets[i]))
			return false;
		i++;
	}
	return true;
}
