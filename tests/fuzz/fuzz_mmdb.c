/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a geo database: a table that finds and scopes, or errors. */
#include "policy/base/error.h"
#include "policy/decide/geo.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* libmaxminddb 1.7 forgets a list when the metadata's description is broken:
 * one small leak each time an operator installs such a file, not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void look_up(const struct geo *geo)
{
	static const char *const addrs[] = { "0.0.0.0",         "81.2.69.142",
					     "255.255.255.255", "::",
					     "2001:db8::1",     "ffff::" };
	struct lpm_row *rows = calloc(geo_class_count(geo), sizeof(*rows));

	if (rows == NULL)
		return;
	for (size_t i = 0; i < geo_class_count(geo); i++)
		rows[i].row = (uint16_t)(i % 2);
	lpm_rows_span(rows, geo_class_count(geo));
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct net_addr addr;
		struct geo_match match;

		if (!net_addr_parse(addrs[i], &addr))
			abort();
		match = geo_find(geo, &addr);
		if (match.class_id >= geo_class_count(geo) ||
		    geo_scope(geo, &addr, rows) > match.bits)
			abort();
	}
	free(rows);
}

/* libmaxminddb opens paths only: the octets lie in a file without a name. */
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct client_term term = { .kind = TERM_UNION, .text = "eea" };
	struct client_set set = { .name = "eea",
				  .terms = &term,
				  .term_count = 1 };
	char path[64];
	const char *databases[] = { path };
	struct policy policy = {
		.sets = &set,
		.set_count = 1,
		.geo = { .databases = databases, .database_count = 1 },
	};
	int fd = memfd_create("fuzz_mmdb", MFD_CLOEXEC);
	struct errors errs = { 0 };
	struct geo *geo;

	if (fd < 0 || write(fd, octets, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	geo = geo_open(&policy, &errs);
	if ((geo == NULL) != (errs.fatal > 0))
		abort();
	if (geo != NULL)
		look_up(geo);
	geo_free(geo);
	errors_fini(&errs);
	close(fd);
	return 0;
}
