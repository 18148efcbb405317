/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/openmetrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_CAP = 4096, NUMBER_SIZE = 32 };

static bool reserve(struct openmetrics *out, size_t more)
{
	size_t cap = out->cap == 0 ? FIRST_CAP : out->cap;
	char *text;

	if (out->failed || more > SIZE_MAX / 4 || out->len > SIZE_MAX / 4)
		return false;
	if (out->text != NULL && out->len + more <= out->cap)
		return true;
	while (cap < out->len + more)
		cap *= 2;
	text = realloc(out->text, cap);
	out->failed = text == NULL;
	if (out->failed)
		return false;
	out->text = text;
	out->cap = cap;
	return true;
}

static void put_octets(struct openmetrics *out, const char *octets, size_t len)
{
	if (!reserve(out, len))
		return;
	memcpy(out->text + out->len, octets, len);
	out->len += len;
}

static void put(struct openmetrics *out, const char *text)
{
	put_octets(out, text, strlen(text));
}

/*
 * Backslash, line feed and, in label values, the quote.  OpenMetrics escapes
 * quotes in HELP too; Prometheus 0.0.4 does not know that escape there.
 */
static void put_escaped(struct openmetrics *out, const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			put(out, "\\\\");
		else if (*text == '\n')
			put(out, "\\n");
		else if (*text == '"' && quotes)
			put(out, "\\\"");
		else
			put_octets(out, text, 1);
	}
}

static const char *sample_suffix(const struct metric_family *family)
{
	switch (family->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	case METRIC_GAUGE:
		break;
	}
	return "";
}

/* Prometheus has no info: it is a gauge that is 1. */
static const char *type_word(const struct openmetrics *out)
{
	switch (out->family->type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_INFO:
		return out->form == OPENMETRICS_1_0 ? "info" : "gauge";
	case METRIC_GAUGE:
		break;
	}
	return "gauge";
}

/* "# WORD NAME ": Prometheus names a family as its samples. */
static void put_comment(struct openmetrics *out, const char *word)
{
	put(out, "# ");
	put(out, word);
	put(out, " ");
	put(out, out->family->name);
	if (out->form == PROMETHEUS_0_0_4)
		put(out, sample_suffix(out->family));
	put(out, " ");
}

const char *openmetrics_media_type(enum openmetrics_form form)
{
	return form == OPENMETRICS_1_0
		       ? "application/openmetrics-text; version=1.0.0; "
			 "charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

/* Has the media range of so many octets the weight 0?  RFC 9110, 12.4.2. */
static bool is_refused(const char *range, size_t len)
{
	const char *end = range + len;
	const char *at = memchr(range, ';', len);

	for (; at != NULL; at = memchr(at, ';', (size_t)(end - at))) {
		at++;
		at += strspn(at, " \t");
		if (strncasecmp(at, "q=", 2) == 0)
			return strtod(at + 2, NULL) <= 0;
	}
	return false;
}

enum openmetrics_form openmetrics_choose(const char *accept)
{
	static const char wanted[] = "application/openmetrics-text";

	while (accept != NULL && *accept != '\0') {
		size_t len;

		accept += strspn(accept, ", \t");
		len = strcspn(accept, ",");
		if (len >= sizeof(wanted) - 1 &&
		    strncasecmp(accept, wanted, sizeof(wanted) - 1) == 0 &&
		    strchr(";, \t", accept[sizeof(wanted) - 1]) != NULL)
			return is_refused(accept, len) ? PROMETHEUS_0_0_4
						       : OPENMETRICS_1_0;
		accept += len;
	}
	return PROMETHEUS_0_0_4;
}

void openmetrics_family(struct openmetrics *out,
			const struct metric_family *family)
{
	out->family = family;
	put_comment(out, "TYPE");
	put(out, type_word(out));
	put(out, "\n");
	if (family->unit != NULL && out->form == OPENMETRICS_1_0) {
		put_comment(out, "UNIT");
		put(out, family->unit);
		put(out, "\n");
	}
	put_comment(out, "HELP");
	put_escaped(out, family->help, out->form == OPENMETRICS_1_0);
	put(out, "\n");
}

static void put_sample(struct openmetrics *out, struct metric_labels labels,
		       const char *value)
{
	put(out, out->family->name);
	put(out, sample_suffix(out->family));
	for (size_t i = 0; i < labels.count; i++) {
		put(out, i == 0 ? "{" : ",");
		put(out, labels.list[i].name);
		put(out, "=\"");
		put_escaped(out, labels.list[i].value, true);
		put(out, "\"");
	}
	if (labels.count > 0)
		put(out, "}");
	put(out, " ");
	put(out, value);
	put(out, "\n");
}

void openmetrics_count(struct openmetrics *out, struct metric_labels labels,
		       uint64_t value)
{
	char number[NUMBER_SIZE];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	put_sample(out, labels, number);
}

/* 15 digits: milliseconds of this century are whole. */
void openmetrics_real(struct openmetrics *out, struct metric_labels labels,
		      double value)
{
	char number[NUMBER_SIZE];

	if (isnan(value))
		snprintf(number, sizeof(number), "NaN");
	else if (isinf(value))
		snprintf(number, sizeof(number), "%s",
			 value > 0 ? "+Inf" : "-Inf");
	else
		snprintf(number, sizeof(number), "%.15g", value);
	put_sample(out, labels, number);
}

void openmetrics_plain(struct openmetrics *out, const struct metric_plain *rows,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		openmetrics_family(out, &rows[i].family);
		openmetrics_real(out, (struct metric_labels){ NULL, 0 },
				 rows[i].value);
	}
}

bool openmetrics_end(struct openmetrics *out)
{
	if (out->form == OPENMETRICS_1_0)
		put(out, "# EOF\n");
	return !out->failed;
}

void openmetrics_fini(struct openmetrics *out)
{
	free(out->text);
	*out = (struct openmetrics){ .form = out->form };
}
