/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void story_broken(const struct story *s, const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! %s:%u: ", s->path, s->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

const char *story_word(const struct story *s, unsigned i)
{
	if (i >= s->count)
		story_broken(s, "a word is missing after \"%s\"",
			     s->words[s->count - 1]);
	return s->words[i];
}

bool story_is(const struct story *s, unsigned i, const char *text)
{
	return i < s->count && strcmp(s->words[i], text) == 0;
}

int64_t story_ms(const struct story *s, unsigned i)
{
	char *unit;
	double n = strtod(story_word(s, i), &unit);

	if (strcmp(unit, "ms") == 0)
		return (int64_t)n;
	if (strcmp(unit, "s") == 0)
		return (int64_t)(n * 1000);
	if (strcmp(unit, "m") == 0)
		return (int64_t)(n * 60000);
	if (strcmp(unit, "h") == 0)
		return (int64_t)(n * 3600000);
	story_broken(s, "\"%s\" is no time", story_word(s, i));
}

double story_percent(const struct story *s, unsigned i)
{
	char *unit;
	double n = strtod(story_word(s, i), &unit);

	if (strcmp(unit, "%") != 0)
		story_broken(s, "\"%s\" is no percentage", story_word(s, i));
	return n / 100;
}

int story_service(const struct story *s, unsigned i)
{
	int service = policy_find_service(s->stage.policy, story_word(s, i));

	if (service < 0)
		story_broken(s, "no service %s", story_word(s, i));
	return service;
}

const struct stage_client *story_client(const struct story *s, unsigned i)
{
	const struct stage_client *c =
		stage_client(&s->stage, story_word(s, i));

	if (c == NULL)
		story_broken(s, "no client %s", story_word(s, i));
	return c;
}

uint8_t story_endpoint(const struct story *s, int service, unsigned i)
{
	int e = policy_find_endpoint(&s->stage.policy->services[service],
				     story_word(s, i));

	if (e < 0)
		story_broken(s, "no endpoint %s", story_word(s, i));
	return (uint8_t)e;
}

const char *story_target(const struct story *s, unsigned i, char service[64])
{
	const char *slash = strchr(story_word(s, i), '/');

	if (slash == NULL)
		story_broken(s, "\"%s\" is not SERVICE/ENDPOINT",
			     story_word(s, i));
	snprintf(service, 64, "%.*s", (int)(slash - story_word(s, i)),
		 story_word(s, i));
	return slash + 1;
}

size_t story_number(const struct story *s, unsigned i)
{
	char name[64];
	const char *endpoint = story_target(s, i, name);
	int service = policy_find_service(s->stage.policy, name);
	int e = service < 0 ? -1
			    : policy_find_endpoint(
				      &s->stage.policy->services[service],
				      endpoint);

	if (e < 0)
		story_broken(s, "no endpoint %s", story_word(s, i));
	return stage_number(&s->stage, service, e);
}
