/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/mmdb.h"

#include "policy/base/error.h"
#include "policy/decide/subdivision.h"
#include "policy/language/country.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

enum { SEPARATOR_OCTETS = 16, PATH_MAX_KEYS = 4 };

struct mmdb {
	MMDB_s file;
	mmdb_ref v4_root;
};

mmdb_ref mmdb_nodes(const struct mmdb *db)
{
	return db->file.metadata.node_count;
}

struct mmdb_tree mmdb_tree(const struct mmdb *db, enum net_family family)
{
	const MMDB_metadata_s *about = &db->file.metadata;

	return (struct mmdb_tree){
		.nodes = db->file.file_content,
		.count = about->node_count,
		.ends = (uint64_t)about->node_count +
			db->file.data_section_size,
		/* The node itself, which nobody names, hides nothing. */
		.hidden = family == NET_V6 && db->v4_root < about->node_count
				  ? db->v4_root
				  : about->node_count,
		.record_bits = about->record_size,
	};
}

/* The tree, its separator and the data section are in the file: libmaxminddb
 * finds the last behind the first, but lets a tree reach over the end. */
static bool is_whole(const struct mmdb *db)
{
	const MMDB_metadata_s *about = &db->file.metadata;
	uint64_t tree = (uint64_t)about->node_count * (about->record_size / 4);

	return (about->record_size == 24 || about->record_size == 28 ||
		about->record_size == 32) &&
	       tree + SEPARATOR_OCTETS <= (uint64_t)db->file.file_size;
}

/* A record that ends above ::/96 is about IPv6 networks, not about IPv4. */
static bool find_v4_root(struct mmdb *db)
{
	mmdb_ref at = 0, halves[2];
	struct mmdb_tree tree;

	db->v4_root = mmdb_nodes(db);
	tree = mmdb_tree(db, NET_V4);
	for (unsigned depth = 0; depth < 96; depth++) {
		if (at >= mmdb_nodes(db))
			return true;
		if (!mmdb_halves(&tree, at, halves))
			return false;
		at = halves[0];
	}
	db->v4_root = at;
	return true;
}

static const char *open_problem(const struct mmdb *db, int status)
{
	if (status == MMDB_FILE_OPEN_ERROR)
		return strerror(errno);
	if (status != MMDB_SUCCESS || !is_whole(db))
		return "is not a whole MaxMind DB file";
	if (db->file.metadata.ip_version != 4 &&
	    db->file.metadata.ip_version != 6)
		return "is of no known IP version";
	if (db->file.metadata.node_count == 0)
		return "is empty";
	return NULL;
}

struct mmdb *mmdb_open(const char *path, struct error *err)
{
	struct mmdb *db = calloc(1, sizeof(*db));
	const char *problem;
	int status;

	if (db == NULL) {
		error_set(err, "%s: out of memory", path);
		return NULL;
	}
	errno = 0;
	status = MMDB_open(path, MMDB_MODE_MMAP, &db->file);
	problem = open_problem(db, status);
	if (problem == NULL && db->file.metadata.ip_version == 6 &&
	    !find_v4_root(db))
		problem = "is damaged";
	if (problem == NULL)
		return db;
	error_set(err, "%s: %s%s; fetch it again (contrib/geo/fetch)", path,
		  status == MMDB_FILE_OPEN_ERROR ? "cannot be opened: " : "",
		  problem);
	if (status == MMDB_SUCCESS)
		MMDB_close(&db->file);
	free(db);
	return NULL;
}

void mmdb_close(struct mmdb *db)
{
	if (db == NULL)
		return;
	MMDB_close(&db->file);
	free(db);
}

int64_t mmdb_wall_built_ms(const struct mmdb *db)
{
	uint64_t epoch_s = db->file.metadata.build_epoch;

	return epoch_s > INT64_MAX / 1000 ? 0 : (int64_t)epoch_s * 1000;
}

mmdb_ref mmdb_root(const struct mmdb *db, enum net_family family)
{
	if (db->file.metadata.ip_version == 4)
		return family == NET_V4 ? 0 : mmdb_nodes(db);
	return family == NET_V6 ? 0 : db->v4_root;
}

/* One way to a value; the nested schema's ways come first. */
typedef const char *const path[PATH_MAX_KEYS];

/* clang-format off */
static const path country_paths[] = {
	{ "country", "iso_code", NULL },
	{ "country_code", NULL },
	{ "registered_country", "iso_code", NULL },
};
static const path continent_paths[] = {
	{ "continent", "code", NULL },
	{ "continent_code", NULL },
};
static const path subdivision_paths[] = {
	{ "subdivisions", "0", "iso_code", NULL },
	{ "state1", NULL },
};
static const path latitude_paths[] = {
	{ "location", "latitude", NULL },
	{ "latitude", NULL },
};
static const path longitude_paths[] = {
	{ "location", "longitude", NULL },
	{ "longitude", NULL },
};
static const path asn_paths[] = {
	{ "autonomous_system_number", NULL },
	{ "asn", NULL },
};
/* clang-format on */
#define PATHS(paths) paths, sizeof(paths) / sizeof((paths)[0])

enum found { FOUND_DAMAGE, FOUND_NOTHING, FOUND_VALUE };

/* The first path that leads to a value. */
static enum found find_value(MMDB_entry_s *entry, const path *paths,
			     size_t count, MMDB_entry_data_s *value)
{
	for (size_t i = 0; i < count; i++) {
		int status = MMDB_aget_value(entry, value, paths[i]);

		if (status == MMDB_SUCCESS && value->has_data)
			return FOUND_VALUE;
		if (status != MMDB_SUCCESS &&
		    status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR &&
		    status != MMDB_INVALID_LOOKUP_PATH_ERROR)
			return FOUND_DAMAGE;
	}
	return FOUND_NOTHING;
}

/* Text of at most size - 1 octets; "" when absent, longer or no text. */
static bool get_text(MMDB_entry_s *entry, const path *paths, size_t count,
		     char *out, size_t size)
{
	MMDB_entry_data_s value;
	enum found found = find_value(entry, paths, count, &value);

	out[0] = '\0';
	if (found == FOUND_VALUE && value.type == MMDB_DATA_TYPE_UTF8_STRING &&
	    value.data_size < size) {
		memcpy(out, value.utf8_string, value.data_size);
		out[value.data_size] = '\0';
	}
	return found != FOUND_DAMAGE;
}

static bool number_of(const MMDB_entry_data_s *value, double *out)
{
	switch (value->type) {
	case MMDB_DATA_TYPE_DOUBLE:
		*out = value->double_value;
		return true;
	case MMDB_DATA_TYPE_FLOAT:
		*out = (double)value->float_value;
		return true;
	case MMDB_DATA_TYPE_UINT16:
		*out = value->uint16;
		return true;
	case MMDB_DATA_TYPE_UINT32:
		*out = value->uint32;
		return true;
	case MMDB_DATA_TYPE_INT32:
		*out = value->int32;
		return true;
	default:
		return false;
	}
}

static bool get_number(MMDB_entry_s *entry, const path *paths, size_t count,
		       double *out, bool *known)
{
	MMDB_entry_data_s value;
	enum found found = find_value(entry, paths, count, &value);

	*known = found == FOUND_VALUE && number_of(&value, out);
	return found != FOUND_DAMAGE;
}

static bool get_country(MMDB_entry_s *entry, struct client_facts *facts)
{
	char text[8];

	if (!get_text(entry, PATHS(country_paths), text, sizeof(text)))
		return false;
	if (country_find(text) != NULL)
		memcpy(facts->country, text, sizeof(facts->country));
	return true;
}

static bool get_subdivision(MMDB_entry_s *entry, struct client_facts *facts)
{
	char text[64];

	if (!get_text(entry, PATHS(subdivision_paths), text, sizeof(text)))
		return false;
	if (facts->country[0] != '\0')
		subdivision_code(facts->country, text, facts->subdivision);
	return true;
}

static bool get_location(MMDB_entry_s *entry, struct client_facts *facts)
{
	double latitude = 0, longitude = 0;
	bool has_latitude, has_longitude;
	int16_t row, column;

	if (!get_number(entry, PATHS(latitude_paths), &latitude,
			&has_latitude) ||
	    !get_number(entry, PATHS(longitude_paths), &longitude,
			&has_longitude))
		return false;
	if (!has_latitude || !has_longitude ||
	    !client_cell(latitude, longitude, &row, &column))
		return true;
	facts->located = true;
	facts->latitude = latitude;
	facts->longitude = longitude;
	return true;
}

static bool get_asn(MMDB_entry_s *entry, struct client_facts *facts)
{
	double number = 0;
	bool known;

	if (!get_number(entry, PATHS(asn_paths), &number, &known))
		return false;
	if (known && number >= 1 && number <= UINT32_MAX)
		facts->asn = (uint32_t)number;
	return true;
}

bool mmdb_facts(const struct mmdb *db, mmdb_ref ref,
		const struct client_needs *needs, struct client_facts *facts)
{
	MMDB_entry_s entry = {
		.mmdb = &db->file,
		.offset = ref - mmdb_nodes(db) - SEPARATOR_OCTETS,
	};

	*facts = (struct client_facts){ 0 };
	if (ref < mmdb_nodes(db) + SEPARATOR_OCTETS)
		return false;
	/* The country also where only locations steer: see client.h. */
	if ((needs->country || needs->location) && !get_country(&entry, facts))
		return false;
	if (needs->continent &&
	    !get_text(&entry, PATHS(continent_paths), facts->continent,
		      sizeof(facts->continent)))
		return false;
	if (needs->subdivision && !get_subdivision(&entry, facts))
		return false;
	if (needs->location && !get_location(&entry, facts))
		return false;
	return !needs->asn || get_asn(&entry, facts);
}
