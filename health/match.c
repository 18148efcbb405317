/* SPDX-License-Identifier: Apache-2.0 */
#include "health/match.h"

#include <stdlib.h>
#include <string.h>

/* How much of text is matched once c follows at matched octets. */
static size_t go_on(const struct match *m, size_t at, char c)
{
	while (at > 0 && m->text[at] != c)
		at = m->border[at - 1];
	return at + (m->text[at] == c);
}

void match_again(struct match *m)
{
	m->at = 0;
	m->found = m->len == 0;
}

bool match_init(struct match *m, const char *text)
{
	*m = (struct match){ .text = text, .len = strlen(text) };
	match_again(m);
	m->border = calloc(m->len + 1, sizeof(*m->border));
	if (m->border == NULL)
		return false;
	for (size_t i = 1; i < m->len; i++)
		m->border[i] = go_on(m, m->border[i - 1], text[i]);
	return true;
}

bool match_feed(struct match *m, const void *octets, size_t len)
{
	const char *c = octets;

	for (size_t i = 0; i < len && !m->found; i++) {
		m->at = go_on(m, m->at, c[i]);
		m->found = m->at == m->len;
	}
	return m->found;
}

void match_fini(struct match *m)
{
	free(m->border);
	m->border = NULL;
}
