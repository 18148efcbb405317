/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/nest_record.h"

#include "policy/language/country.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPE_TEXT = 2,
	TYPE_DOUBLE = 3,
	TYPE_U16 = 5,
	TYPE_U32 = 6,
	TYPE_MAP = 7,
	TYPE_U64 = 9,
	TYPE_ARRAY = 11,
};

void *nest_must(void *memory)
{
	if (memory == NULL) {
		fputs("bench_nest: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

void nest_put(struct octets *o, const void *octets, size_t count)
{
	if (o->count + count > o->room) {
		o->room = (o->room + count) * 2;
		o->at = nest_must(realloc(o->at, o->room));
	}
	memcpy(o->at + o->count, octets, count);
	o->count += count;
}

static void put_octet(struct octets *o, unsigned octet)
{
	uint8_t u8 = (uint8_t)octet;

	nest_put(o, &u8, 1);
}

/* The control octets; types above 7 have their own: "extended". */
static void put_control(struct octets *o, unsigned type, size_t size)
{
	unsigned low = size < 29 ? (unsigned)size : 29;

	assert(size < 285);
	put_octet(o, (type > TYPE_MAP ? 0 : type << 5) | low);
	if (type > TYPE_MAP)
		put_octet(o, type - TYPE_MAP);
	if (low == 29)
		put_octet(o, (unsigned)size - 29);
}

static void put_text(struct octets *o, const char *text, size_t len)
{
	if (len > 200)
		len = 200;
	put_control(o, TYPE_TEXT, len);
	nest_put(o, text, len);
}

static void put_key(struct octets *o, const char *text)
{
	put_text(o, text, strlen(text));
}

static void put_number(struct octets *o, unsigned type, uint64_t value)
{
	unsigned size = 0;

	while (size < 8 && value >> (8 * size) != 0)
		size++;
	put_control(o, type, size);
	while (size-- > 0)
		put_octet(o, value >> (8 * size) & 0xff);
}

static void put_double(struct octets *o, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	put_control(o, TYPE_DOUBLE, 8);
	for (unsigned i = 0; i < 8; i++)
		put_octet(o, bits >> (56 - 8 * i) & 0xff);
}

/* One value of a flat record; false when it is absent or empty. */
static bool flat_value(MMDB_entry_s *entry, const char *key,
		       MMDB_entry_data_s *out)
{
	const char *const path[] = { key, NULL };

	return MMDB_aget_value(entry, out, path) == MMDB_SUCCESS &&
	       out->has_data &&
	       (out->type != MMDB_DATA_TYPE_UTF8_STRING || out->data_size > 0);
}

static double number_of(const MMDB_entry_data_s *value)
{
	return value->type == MMDB_DATA_TYPE_FLOAT ? (double)value->float_value
						   : value->double_value;
}

static void put_country(struct octets *o, const MMDB_entry_data_s *code)
{
	char word[3] = { code->utf8_string[0], code->utf8_string[1], '\0' };
	const struct country *country = country_find(word);

	put_key(o, "country");
	put_control(o, TYPE_MAP, 1);
	put_key(o, "iso_code");
	put_text(o, code->utf8_string, code->data_size);
	put_key(o, "continent");
	put_control(o, TYPE_MAP, 1);
	put_key(o, "code");
	put_key(o, country == NULL ? "--" : country->continent);
}

static void put_location(struct octets *o, const MMDB_entry_data_s *latitude,
			 const MMDB_entry_data_s *longitude)
{
	put_key(o, "location");
	put_control(o, TYPE_MAP, 2);
	put_key(o, "latitude");
	put_double(o, number_of(latitude));
	put_key(o, "longitude");
	put_double(o, number_of(longitude));
}

static void put_city(struct octets *o, const MMDB_entry_data_s *city)
{
	put_key(o, "city");
	put_control(o, TYPE_MAP, 1);
	put_key(o, "names");
	put_control(o, TYPE_MAP, 1);
	put_key(o, "en");
	put_text(o, city->utf8_string, city->data_size);
}

static void put_subdivision(struct octets *o, const MMDB_entry_data_s *state)
{
	put_key(o, "subdivisions");
	put_control(o, TYPE_ARRAY, 1);
	put_control(o, TYPE_MAP, 1);
	put_key(o, "iso_code");
	put_text(o, state->utf8_string, state->data_size);
}

void nest_put_record(struct octets *o, MMDB_entry_s *entry)
{
	MMDB_entry_data_s country, city, state, latitude, longitude;
	bool has_country = flat_value(entry, "country_code", &country) &&
			   country.data_size == 2;
	bool has_city = flat_value(entry, "city", &city);
	bool has_state = flat_value(entry, "state1", &state);
	bool has_location = flat_value(entry, "latitude", &latitude) &&
			    flat_value(entry, "longitude", &longitude);

	put_control(o, TYPE_MAP,
		    has_country * 2u + has_city + has_state + has_location);
	if (has_country)
		put_country(o, &country);
	if (has_location)
		put_location(o, &latitude, &longitude);
	if (has_city)
		put_city(o, &city);
	if (has_state)
		put_subdivision(o, &state);
}

void nest_put_metadata(struct octets *o, const struct nest_metadata *m)
{
	nest_put(o, "\xab\xcd\xefMaxMind.com", 14);
	put_control(o, TYPE_MAP, 9);
	put_key(o, "binary_format_major_version");
	put_number(o, TYPE_U16, 2);
	put_key(o, "binary_format_minor_version");
	put_number(o, TYPE_U16, 0);
	put_key(o, "build_epoch");
	put_number(o, TYPE_U64, m->build_epoch);
	put_key(o, "database_type");
	put_key(o, m->type);
	put_key(o, "description");
	put_control(o, TYPE_MAP, 1);
	put_key(o, "en");
	put_key(o, "Free databases, nested, for a benchmark");
	put_key(o, "ip_version");
	put_number(o, TYPE_U16, 6);
	put_key(o, "languages");
	put_control(o, TYPE_ARRAY, 1);
	put_key(o, "en");
	put_key(o, "node_count");
	put_number(o, TYPE_U32, m->node_count);
	put_key(o, "record_size");
	put_number(o, TYPE_U16, m->record_bits);
}
