/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/witness.h"

#include "policy/base/error.h"
#include "policy/bus/report.h"
#include "policy/bus/sign.h"

#include <stdlib.h>
#include <string.h>

struct witness {
	char vantage[REPORT_NAME_SIZE];
	struct verifier *keys;
};

struct witnesses {
	struct witness *list;
	size_t count;
};

static struct witness *find(const struct witnesses *w, const char *vantage)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->list[i].vantage, vantage) == 0)
			return &w->list[i];
	return NULL;
}

/* The vantage's place, made when it has none; NULL when memory runs out. */
static struct witness *place_of(struct witnesses *w, const char *vantage)
{
	struct witness *at = find(w, vantage);

	if (at != NULL)
		return at;
	at = &w->list[w->count];
	at->keys = verifier_new();
	if (at->keys == NULL)
		return NULL;
	strcpy(at->vantage, vantage);
	w->count++;
	return at;
}

static bool add_row(struct witnesses *w, const char *row, struct error *err)
{
	const char *equals = strchr(row, '=');
	size_t len = equals == NULL ? 0 : (size_t)(equals - row);
	char vantage[REPORT_NAME_SIZE] = "";
	struct witness *at;

	if (len == 0 || len >= sizeof(vantage) || equals[1] == '\0') {
		error_set(err, "\"%s\": must be VANTAGE=FILE", row);
		return false;
	}
	memcpy(vantage, row, len);
	at = place_of(w, vantage);
	if (at == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	return verifier_add_file(at->keys, equals + 1, err);
}

struct witnesses *witnesses_open(const char *const *rows, size_t count,
				 struct error *err)
{
	struct witnesses *w = calloc(1, sizeof(*w));

	if (w != NULL)
		w->list = calloc(count + 1, sizeof(*w->list));
	if (w == NULL || w->list == NULL) {
		witnesses_free(w);
		error_set(err, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		if (!add_row(w, rows[i], err)) {
			witnesses_free(w);
			return NULL;
		}
	return w;
}

void witnesses_replace(struct witnesses *w, struct witnesses *next)
{
	struct witnesses before = *w;

	*w = *next;
	*next = before;
	witnesses_free(next);
}

bool witnesses_read(const struct witnesses *w, const char *vantage,
		    const void *octets, size_t len, const char **payload,
		    size_t *payload_len, struct error *err)
{
	const struct witness *at;

	if (w == NULL || w->count == 0) {
		if (!sign_peek(octets, len, payload, payload_len)) {
			*payload = octets;
			*payload_len = len;
		}
		return true;
	}
	at = find(w, vantage);
	if (at != NULL)
		return sign_unwrap(at->keys, SIGN_REPORT, octets, len, payload,
				   payload_len, err);
	error_set(err, "no key of vantage \"%.60s\" is trusted", vantage);
	return false;
}

void witnesses_free(struct witnesses *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; w->list != NULL && i < w->count; i++)
		verifier_free(w->list[i].keys);
	free(w->list);
	free(w);
}
