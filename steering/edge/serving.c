/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/serving.h"

#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

/* What a name is made of, so that it stands for itself in any file. */
static bool is_name(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._@/";

	return len > 0 && len < PLAN_NAME_SIZE && strspn(text, letters) >= len;
}

static bool has(const struct portions *portions, const char *name)
{
	for (size_t i = 0; i < portions->count; i++)
		if (strcmp(portions->parts[i].name, name) == 0)
			return true;
	return false;
}

/* ":WEIGHT", or nothing. */
static bool read_weight(const char *text, uint32_t *out)
{
	char *end;
	unsigned long n;

	*out = SERVING_WEIGHT;
	if (*text == '\0')
		return true;
	n = strtoul(text + 1, &end, 10);
	*out = (uint32_t)n;
	return text[1] >= '0' && text[1] <= '9' && *end == '\0' &&
	       n <= SERVING_WEIGHT_MAX;
}

/* "ENDPOINT[:WEIGHT]"; modifies it. */
static bool read_endpoint(char *text, struct serving *out, struct error *err)
{
	size_t len = strcspn(text, ":");
	uint32_t weight;

	if (!is_name(text, len) || !read_weight(text + len, &weight)) {
		error_set(err,
			  "--serve: \"%.80s\" must be ENDPOINT[:WEIGHT], a "
			  "weight of at most %d",
			  text, SERVING_WEIGHT_MAX);
		return false;
	}
	text[len] = '\0';
	if (has(&out->portions, text)) {
		error_set(err, "--serve: %s is there twice", text);
		return false;
	}
	if (portions_add(&out->portions, text, weight))
		return true;
	error_set(err, "--serve: more than %d endpoints", PORTIONS_MAX);
	return false;
}

/* A canary's endpoint takes of another that must be here. */
static bool check_shadowed(const struct serving *s, struct error *err)
{
	for (size_t i = 0; i < s->portions.count; i++) {
		const char *name = s->portions.parts[i].name;
		const char *slash = strchr(name, '/');

		if (slash == NULL || has(&s->portions, slash + 1))
			continue;
		error_set(err, "--serve: %s needs %s beside it", name,
			  slash + 1);
		return false;
	}
	return true;
}

bool serving_parse(const char *text, struct serving *out, struct error *err)
{
	size_t len = strcspn(text, "=");
	char *copy, *rest, *word;
	bool ok = true;

	*out = (struct serving){ 0 };
	if (text[len] == '\0' || !is_name(text, len) ||
	    memchr(text, '/', len) != NULL) {
		error_set(err,
			  "--serve is \"%.80s\"; it must be "
			  "SERVICE=ENDPOINT[:WEIGHT],...",
			  text);
		return false;
	}
	memcpy(out->service, text, len);
	copy = rest = strdup(text + len + 1);
	if (copy == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	while (ok && (word = strsep(&rest, ",")) != NULL)
		ok = read_endpoint(word, out, err);
	free(copy);
	return ok && check_shadowed(out, err);
}

bool serving_divide(struct serving *s, const struct orders *orders,
		    struct error *err)
{
	const char *missing;

	portions_make(&s->portions, orders, s->service);
	missing = portions_missing(&s->portions, orders, s->service);
	if (missing != NULL) {
		error_set(err,
			  "this edge has no endpoint %s of %s; see --serve",
			  missing, s->service);
		return false;
	}
	if (portions_serves(&s->portions))
		return true;
	error_set(err,
		  "the plan leaves %s no endpoint here; what is served is "
		  "kept",
		  s->service);
	return false;
}
