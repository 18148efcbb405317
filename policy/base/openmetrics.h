/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics -- metrics as text that Prometheus and its kind read.
 *
 * Families one after the other, each with its samples, then the end.  Two
 * forms of the same: OpenMetrics 1.0.0, and the text format of Prometheus
 * 0.0.4 for who does not ask for the former; a family is described once.
 * Pure: it appends to memory of its own.
 *
 * Source: OpenMetrics 1.0.0 (github.com/OpenObservability/OpenMetrics,
 * specification/OpenMetrics.md); Prometheus, "Exposition formats".
 */
#ifndef POLICY_BASE_OPENMETRICS_H
#define POLICY_BASE_OPENMETRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum openmetrics_form { OPENMETRICS_1_0, PROMETHEUS_0_0_4 };

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER, /* rises only; samples are named NAME_total */
	METRIC_INFO,    /* labels say it all; samples are named NAME_info */
};

/* name ends in _UNIT when there is a unit; without _total and _info. */
struct metric_family {
	const char *name;
	enum metric_type type;
	const char *unit; /* "seconds", "bytes"; NULL: none */
	const char *help; /* one sentence */
};

struct metric_label {
	const char *name;
	const char *value; /* any octets; UTF-8 by the caller's promise */
};

struct metric_labels {
	const struct metric_label *list;
	size_t count;
};

/* Zeroed, but for form, it is an empty text. */
struct openmetrics {
	enum openmetrics_form form;
	char *text; /* owned; not NUL-terminated */
	size_t len, cap;
	bool failed;                        /* memory ran out */
	const struct metric_family *family; /* that samples belong to */
};

/* What goes into the Content-Type header field. */
const char *openmetrics_media_type(enum openmetrics_form form);

/*
 * The form that an Accept header field asks for: OpenMetrics when it is named
 * and not refused by q=0.  accept may be NULL.
 */
enum openmetrics_form openmetrics_choose(const char *accept);

/* Samples that follow are of this family; borrowed until the next. */
void openmetrics_family(struct openmetrics *out,
			const struct metric_family *family);

/* Labels are written in the order they come. */
void openmetrics_count(struct openmetrics *out, struct metric_labels labels,
		       uint64_t value);
void openmetrics_real(struct openmetrics *out, struct metric_labels labels,
		      double value);

/* A family with one sample, without labels. */
struct metric_plain {
	struct metric_family family;
	double value;
};
void openmetrics_plain(struct openmetrics *out, const struct metric_plain *rows,
		       size_t count);

/* Ends the text.  False when memory ran out on the way. */
bool openmetrics_end(struct openmetrics *out);

/* Frees the text. */
void openmetrics_fini(struct openmetrics *out);

#endif
