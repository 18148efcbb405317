/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace: the files that tests/data/trace/make made, in the corpus of
 * tests/fuzz/fuzz_trace.c, and what is read in them.
 */
#include "policy/review/trace.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
#define AT_0 "1780000000250 "
#define AT(n) "178000000" #n "250 "
#define V4 "192.0.2.1 www.gslb.example.com 1 1\n"
#define V6 "2001:db8::1 www.gslb.example.com 1 1\n"
#define SUBNET "203.0.113.0 www.gslb.example.com 1 1\n"

/* Each query as "WALL_MS CLIENT NAME TYPE COUNT". */
static const struct row {
	const char *file, *queries;
	uint64_t others, bad, first_bad;
	const char *says; /* part of the error, or of why the first is bad */
	bool refused;
} rows[] = {
	{ "text",
	  "0 192.0.2.1 www.gslb.example.com 0 1\n"
	  "0 192.0.2.0 www.gslb.example.com 1 1\n"
	  "0 2001:db8::1 www 28 12.5\n"
	  "1783330200000 192.0.2.1 www 65 3\n"
	  AT_0 "192.0.2.1 www 0 7\n", 0, 0, 0, "", false },
	{ "text-bad", "0 192.0.2.1 www 0 1\n0 192.0.2.1 last 0 1\n", 0, 12, 2,
	  "neither a time nor", false },
	{ "text-short", "", 0, 0, 0, "", false },
	{ "nothing", "", 0, 0, 0, "", false },
	{ "ethernet.pcap",
	  AT(0) V4 AT(1) SUBNET AT(2) "2001:db8:7:: www.gslb.example.com 28 1\n"
	  AT(3) V4 AT(4) SUBNET AT(5) V6 AT(6) V4 AT(7) V4 AT(8) V4 AT(9) V6
	  "1780000010250 " V6, 0, 0, 0, "", false },
	{ "others.pcap", "1780000010250 " V4, 9, 1, 9, "shorter than", false },
	{ "bad.pcap", AT(0) V4, 0, 7, 2, "shorter than a DNS header", false },
	{ "raw.pcap", AT(0) V4 AT(1) V6, 0, 0, 0, "", false },
	{ "sll.pcap", AT(0) V4, 0, 0, 0, "", false },
	{ "sll2.pcap", AT(0) V6, 0, 0, 0, "", false },
	{ "cut.pcap", AT(0) V4, 0, 1, 2, "ends in the midst", false },
	{ "cut-header.pcap", AT(0) V4, 0, 1, 2, "ends in the midst", false },
	{ "long.pcap", AT(0) V4, 0, 0, 0, "packet 2 is said to have 1073741824", true },
	{ "wifi.pcap", "", 0, 0, 0, "link type 105", true },
	{ "empty.pcap", "", 0, 0, 0, "", false },
	{ "headless.pcap", "", 0, 0, 0, "ends in its header", true },
	{ "pcapng", AT(0) V4 AT(1) V6 AT(2) V4 "0 " V4, 0, 0, 0, "", false },
	{ "pcapng-bad", AT(0) V4, 0, 8, 1, "packets of link type 105", false },
	{ "pcapng-cut", AT(0) V4, 0, 1, 2, "ends in the midst", false },
	{ "pcapng-order", "", 0, 0, 0, "of no known order", true },
	{ "pcapng-long", "", 0, 0, 0, "a length that cannot be", true },
	{ "pcapng-lengths", "", 0, 0, 0, "two lengths", true },
	{ "pcapng-headless", "", 0, 0, 0, "ends in its header", true },
	{ "pcapng-interfaces", "", 0, 0, 0, "more than 64 interfaces", true },
	{ "gzip", "", 0, 0, 0, "gunzip", true },
	{ "dnstap", AT(0) V4 AT(0) SUBNET AT(0) V6, 2, 0, 0, "", false },
	{ "dnstap-bad", AT(0) V4, 0, 6, 2, "a frame that is no dnstap", false },
	{ "dnstap-cut", AT(0) V4, 0, 1, 2, "ends in the midst", false },
	{ "dnstap-long", "", 0, 0, 0, "frame 1 is said to have 1073741824", true },
	{ "dnstap-foreign", "", 0, 0, 0, "something else than dnstap", true },
	{ "dnstap-twice", AT(0) V4 AT(0) V4, 0, 0, 0, "", false },
	{ "zeros", "", 0, 0, 0, "neither text nor pcap", true },
};
/* clang-format on */

static bool write_query(void *arg, const struct trace_query *q)
{
	char client[NET_TEXT_SIZE];

	fprintf(arg, "%lld %s %s %u %g\n", (long long)q->wall_ms,
		net_addr_text(&q->client, client), q->name, q->type, q->count);
	return true;
}

static void test_rows(void **state)
{
	const char *srcdir = getenv("SRCDIR");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char path[4096], *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		const struct trace_sink sink = { write_query, out };
		struct trace_tally tally;
		struct error err;
		bool ok;

		print_message("%s\n", row->file);
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/trace/%s",
			 srcdir == NULL ? "." : srcdir, row->file);
		ok = trace_read_file(path, &sink, &tally, &err);
		fclose(out);
		assert_string_equal(text, row->queries);
		assert_int_equal(ok, !row->refused);
		assert_int_equal(tally.others, row->others);
		assert_int_equal(tally.bad, row->bad);
		assert_int_equal(tally.first_bad, row->first_bad);
		assert_non_null(strstr(ok ? tally.why : err.text, row->says));
		free(text);
	}
}

static bool refuse(void *arg, const struct trace_query *q)
{
	(void)q;
	return ++*(int *)arg < 2;
}

/* Who takes no more ends it; a file that is not there is named. */
static void test_ends(void **state)
{
	char text[] = "192.0.2.1 a\n192.0.2.1 b\n192.0.2.1 c\n",
	     nothing[] = "x";
	int taken = 0;
	const struct trace_sink sink = { refuse, &taken };
	FILE *in = fmemopen(text, strlen(text), "r");
	struct trace_tally tally;
	struct error err;

	(void)state;
	assert_false(trace_read(in, &sink, &tally, &err));
	assert_int_equal(taken, 2);
	assert_string_equal(err.text, "out of memory");
	fclose(in);
	in = fmemopen(nothing, strlen(nothing), "r");
	assert_false(trace_read(in, &sink, &tally, &err));
	assert_non_null(strstr(err.text, "no query in it; record 1: neither"));
	fclose(in);
	assert_false(trace_read_file("absent", &sink, &tally, &err));
	assert_string_equal(err.text, "absent: No such file or directory");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
