/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/witness.h"

#include "policy/base/error.h"
#include "policy/bus/report.h"
#include "policy/bus/served.h"
#include "policy/bus/sign.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct witness {
	char name[REPORT_NAME_SIZE];
	struct verifier *keys;
};

static const struct {
	const char *noun, *row, *signs;
} kinds[] = {
	[WITNESS_VANTAGES] = { "vantage", "VANTAGE=FILE", SIGN_REPORT },
	[WITNESS_EDGES] = { "edge", "NODE=FILE", SIGN_SERVED },
};

static_assert((int)SERVED_NAME_SIZE <= (int)REPORT_NAME_SIZE,
	      "every edge's name fits");

struct witnesses {
	enum witness_kind kind;
	struct witness *list;
	size_t count;
};

static struct witness *find(const struct witnesses *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->list[i].name, name) == 0)
			return &w->list[i];
	return NULL;
}

/* The name's place, made when it has none; NULL when memory runs out. */
static struct witness *place_of(struct witnesses *w, const char *name)
{
	struct witness *at = find(w, name);

	if (at != NULL)
		return at;
	at = &w->list[w->count];
	at->keys = verifier_new();
	if (at->keys == NULL)
		return NULL;
	strcpy(at->name, name);
	w->count++;
	return at;
}

static bool add_row(struct witnesses *w, const char *row, struct error *err)
{
	const char *equals = strchr(row, '=');
	size_t len = equals == NULL ? 0 : (size_t)(equals - row);
	char name[REPORT_NAME_SIZE] = "";
	struct witness *at;

	if (len == 0 || len >= sizeof(name) || equals[1] == '\0') {
		error_set(err, "\"%s\": must be %s", row, kinds[w->kind].row);
		return false;
	}
	memcpy(name, row, len);
	at = place_of(w, name);
	if (at == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	return verifier_add_file(at->keys, equals + 1, err);
}

struct witnesses *witnesses_open(enum witness_kind kind,
				 const char *const *rows, size_t count,
				 struct error *err)
{
	struct witnesses *w = calloc(1, sizeof(*w));

	if (w != NULL) {
		w->kind = kind;
		w->list = calloc(count + 1, sizeof(*w->list));
	}
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

bool witnesses_read(const struct witnesses *w, const char *name,
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
	at = find(w, name);
	if (at != NULL)
		return sign_unwrap(at->keys, kinds[w->kind].signs, octets, len,
				   payload, payload_len, err);
	error_set(err, "no key of %s \"%.60s\" is trusted", kinds[w->kind].noun,
		  name);
	return false;
}

struct report *witnesses_report(const struct witnesses *w, const char *vantage,
				const void *octets, size_t len,
				struct error *err)
{
	const char *payload;
	size_t payload_len;
	struct report *report;

	if (!witnesses_read(w, vantage, octets, len, &payload, &payload_len,
			    err))
		return NULL;
	report = report_parse(payload, payload_len, err);
	if (report == NULL || strcmp(report->vantage, vantage) == 0)
		return report;
	error_set(err, "it says to be of vantage \"%s\"", report->vantage);
	report_free(report);
	return NULL;
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
