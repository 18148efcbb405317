/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/trace.h"

#include "policy/base/error.h"
#include "policy/review/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_OCTETS = 4 };

void trace_bad(struct trace *t, const char *why)
{
	struct trace_tally *tally = t->tally;

	if (tally->bad++ > 0)
		return;
	tally->first_bad = t->number;
	snprintf(tally->why, sizeof(tally->why), "%s", why);
}

void trace_put(struct trace *t, const struct trace_query *query)
{
	t->tally->queries++;
	if (!t->sink->take(t->sink->arg, query))
		t->out_of_room = true;
}

int trace_fill(struct trace *t, size_t len)
{
	size_t got = fread(t->record, 1, len, t->in);

	if (got == len)
		return 1;
	return got == 0 && !ferror(t->in) ? 0 : -1;
}

/* Forms that are known, and not read. */
static bool refuse(const uint8_t *magic, struct error *err)
{
	static const struct {
		uint8_t magic[MAGIC_OCTETS];
		size_t octets;
		const char *what;
	} forms[] = {
		{ { 0x1f, 0x8b }, 2, "it is compressed; gunzip it" },
		{ { 0x28, 0xb5, 0x2f, 0xfd },
		  4,
		  "it is compressed; unzstd it" },
		{ { 0xfd, '7', 'z', 'X' }, 4, "it is compressed; unxz it" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (memcmp(magic, forms[i].magic, forms[i].octets) == 0) {
			error_set(err, "%s", forms[i].what);
			return true;
		}
	return false;
}

static bool is_pcap(const uint8_t *magic)
{
	uint32_t word = trace_u32(magic);

	return word == 0xa1b2c3d4 || word == 0xd4c3b2a1 || word == 0xa1b23c4d ||
	       word == 0x4d3cb2a1;
}

static bool read_form(struct trace *t)
{
	static const uint8_t escape[MAGIC_OCTETS] = { 0 };

	t->held = fread(t->record, 1, MAGIC_OCTETS, t->in);
	if (t->held < MAGIC_OCTETS)
		return trace_read_text(t);
	if (refuse(t->record, t->err))
		return false;
	if (is_pcap(t->record))
		return trace_read_pcap(t);
	if (trace_u32(t->record) == 0x0a0d0d0a)
		return trace_read_pcapng(t);
	if (memcmp(t->record, escape, MAGIC_OCTETS) == 0)
		return trace_read_dnstap(t);
	return trace_read_text(t);
}

/* What was read to its end may still be nothing. */
static bool is_sound(const struct trace *t)
{
	const struct trace_tally *tally = t->tally;

	if (t->out_of_room)
		error_set(t->err, "out of memory");
	else if (ferror(t->in))
		error_set(t->err, "%s", strerror(errno));
	else if (tally->queries == 0 && tally->bad > 0)
		error_set(t->err, "no query in it; record %llu: %s",
			  (unsigned long long)tally->first_bad, tally->why);
	else
		return true;
	return false;
}

bool trace_read(FILE *in, const struct trace_sink *sink,
		struct trace_tally *tally, struct error *err)
{
	struct trace t = { .in = in, .sink = sink, .tally = tally, .err = err };
	bool ok;

	*tally = (struct trace_tally){ .queries = 0 };
	t.record = malloc(TRACE_RECORD_MAX);
	if (t.record == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	errno = 0;
	ok = read_form(&t) && is_sound(&t);
	free(t.record);
	return ok;
}

bool trace_read_file(const char *path, const struct trace_sink *sink,
		     struct trace_tally *tally, struct error *err)
{
	FILE *in = fopen(path, "rbe");
	struct error why;
	bool ok;

	if (in == NULL) {
		error_set(err, "%s: %s", path, strerror(errno));
		return false;
	}
	ok = trace_read(in, sink, tally, &why);
	if (!ok)
		error_set(err, "%s: %s", path, why.text);
	fclose(in);
	return ok;
}
