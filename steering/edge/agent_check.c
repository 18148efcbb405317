/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/agent_check.h"

#include <stdio.h>
#include <string.h>

enum { PERCENT_MAX = 25600 }; /* HAProxy's own limit */

/* The weight that HAProxy has for it: as of the one that it shadows. */
static double configured(const struct portions *p, size_t at)
{
	int shadows = p->parts[at].shadows;

	return p->parts[shadows < 0 ? at : (size_t)shadows].weight;
}

static const char *words_of_nobody(const struct portion *part)
{
	if (part->word.row != NULL && part->word.row->cause == PLAN_HOLD &&
	    part->word.row->share <= 0)
		return "ready down #hold\n";
	return strchr(part->name, '/') != NULL ? "up maint\n" : "up drain\n";
}

void agent_check_write(const struct serving *serving, size_t at,
		       char out[AGENT_CHECK_WORDS_SIZE])
{
	const struct portions *p = &serving->portions;
	double percent;

	if (p->parts[at].part <= 0) {
		snprintf(out, AGENT_CHECK_WORDS_SIZE, "%s",
			 words_of_nobody(&p->parts[at]));
		return;
	}
	percent = 100 * p->parts[at].part / configured(p, at) + 0.5;
	percent = percent < 1 ? 1 : percent;
	percent = percent < PERCENT_MAX ? percent : PERCENT_MAX;
	snprintf(out, AGENT_CHECK_WORDS_SIZE, "up ready %u%%\n",
		 (unsigned)percent);
}

static bool names(const struct serving *s, const char *part, const char *line,
		  size_t len)
{
	size_t service = strlen(s->service);

	return len > service && memcmp(line, s->service, service) == 0 &&
	       line[service] == '/' && strlen(part) == len - service - 1 &&
	       memcmp(line + service + 1, part, len - service - 1) == 0;
}

int agent_check_find(const struct serving *servings, size_t count,
		     const char *question, size_t len,
		     struct agent_check_place *out)
{
	const char *end = len == 0 ? NULL : memchr(question, '\n', len);
	size_t line = end == NULL ? len : (size_t)(end - question);

	if (line >= AGENT_CHECK_QUESTION_MAX)
		return -1;
	if (end == NULL)
		return 0;
	if (line > 0 && question[line - 1] == '\r')
		line--;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < servings[i].portions.count; j++) {
			if (!names(&servings[i],
				   servings[i].portions.parts[j].name, question,
				   line))
				continue;
			*out = (struct agent_check_place){ i, j };
			return 1;
		}
	return -1;
}
