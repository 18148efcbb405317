/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest_record -- a record and the metadata of MaxMind's nested schema, in
 * octets: continent.code, country.iso_code and, where they are known,
 * location, city.names.en, subdivisions[0].iso_code.
 *
 * Source: MaxMind DB File Format Specification 2.0, "Output Data Section".
 */
#ifndef BENCH_NEST_RECORD_H
#define BENCH_NEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxminddb.h>

/* Grows as it is written; zeroed memory is empty.  The caller frees at. */
struct octets {
	uint8_t *at;
	size_t count, room;
};

struct nest_metadata {
	const char *type;
	uint32_t node_count;
	uint16_t record_bits;
	uint64_t build_epoch;
};

/* memory, unless it is NULL: then the program ends, saying so. */
void *nest_must(void *memory);

void nest_put(struct octets *o, const void *octets, size_t count);

/* The nested record of a flat one. */
void nest_put_record(struct octets *o, MMDB_entry_s *flat);

void nest_put_metadata(struct octets *o, const struct nest_metadata *m);

#endif
