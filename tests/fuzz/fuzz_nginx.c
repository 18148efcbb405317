/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nginx answers, and after an octet 0 what an operator serves: the file
 * that comes of it names no endpoint that was not given, and its parts are at
 * most all.
 */
#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/nginx.h"
#include "steering/edge/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The percentages of each split_clients, and the one line that has the rest. */
static void check_text(const char *text)
{
	double sum = 0;
	int rests = 0;

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "split_clients", 13) == 0) {
			check(sum < 100.001);
			sum = 0;
			rests++;
		}
		rests -= strncmp(line, "\t* ", 3) == 0;
		if (line[0] == '\t' && line[1] >= '0' && line[1] <= '9')
			sum += strtod(line + 1, NULL);
	}
	check(sum < 100.001 && rests == 0);
}

static void serve(const char *text)
{
	struct plan_share shares[] = {
		{ "www", "us", 0.001, -1, PLAN_CANARY, "", 0, 0 },
		{ "www", "v2/us", 0.3, -1, PLAN_CANARY, "v2", 0, 0 },
	};
	const struct plan plan = { .shares = shares, .share_count = 2 };
	const struct orders orders = { .plan = &plan };
	struct serving *s = malloc(sizeof(*s));
	char state[NGINX_STATE_SIZE];
	struct error err;
	char *out;

	if (s != NULL && serving_parse(text, s, &err) &&
	    serving_divide(s, &orders, &err)) {
		out = nginx_write(s, 1, "x", state);
		check(out != NULL);
		check_text(out);
		free(out);
	}
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const char *text = (const char *)octets;
	const char *second = len == 0 ? NULL : memchr(text, '\0', len);
	char state[NGINX_STATE_SIZE] = "";
	struct words words;
	struct error err;
	char *copy;

	if (nginx_answer_parse(text,
			       second == NULL ? len : (size_t)(second - text),
			       state) == 1)
		check(strspn(state, "0123456789abcdef") ==
		      NGINX_STATE_SIZE - 1);
	if (second == NULL)
		return 0;
	copy = strndup(second + 1, len - (size_t)(second - text) - 1);
	if (copy == NULL)
		return 0;
	serve(copy);
	if (words_parse(copy, "x", &words, &err))
		check(words.argv[0][0] == '/');
	free(copy);
	return 0;
}
