/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/master.h"

#include "policy/base/arena.h"
#include "policy/language/code.h"
#include "policy/language/entry.h"
#include "policy/language/sources.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

enum { TYPE_META_FIRST = 128, TYPE_META_LAST = 255, NAME_OCTETS_MAX = 255 };

/* One file that is being read. */
struct scan {
	struct master *master;
	const struct source *source;
	const struct scan *parent; /* that includes this one, or NULL */
	size_t at;
	unsigned line; /* of octets[at] */
	unsigned depth;
	char *text;      /* the entry, MASTER_ENTRY_SIZE octets */
	unsigned begins; /* the entry's first line */
	ldns_rdf *origin, *previous;
	uint32_t ttl_s;
	int generic_octets; /* of the entry's data after \#; -1: has none */
};

static struct place place_of(const struct scan *s)
{
	return (struct place){ s->source->path, s->begins, 1 };
}

static bool add_memory(struct master *m)
{
	errors_add(m->errs, CODE_MEMORY, (struct place){ 0 },
		   "out of memory; the zone was not loaded");
	return false;
}

static bool grow(struct master *m)
{
	size_t cap = m->cap == 0 ? 64 : m->cap * 2;
	struct master_record *list;

	if (m->count < m->cap)
		return true;
	list = arena_alloc(m->arena, cap, sizeof(*list));
	if (list == NULL)
		return add_memory(m);
	if (m->count > 0)
		memcpy(list, m->list, m->count * sizeof(*list));
	m->list = list;
	m->cap = cap;
	return true;
}

bool master_add(struct master *m, const struct record *record, struct place at)
{
	struct master_record *new;

	if (!grow(m))
		return false;
	new = &m->list[m->count];
	new->record = *record;
	new->at = at;
	new->record.owner = arena_alloc(m->arena, record->owner_len, 1);
	new->record.rdata = arena_alloc(m->arena, record->rdata_len, 1);
	if (new->record.owner == NULL || new->record.rdata == NULL)
		return add_memory(m);
	memcpy(new->record.owner, record->owner, record->owner_len);
	if (record->rdata_len > 0)
		memcpy(new->record.rdata, record->rdata, record->rdata_len);
	m->count++;
	return true;
}

size_t master_name(const char *text, uint8_t out[256])
{
	ldns_rdf *name = ldns_dname_new_frm_str(text);
	size_t len = 0;

	if (name != NULL && ldns_rdf_size(name) <= NAME_OCTETS_MAX) {
		ldns_dname2canonical(name);
		len = ldns_rdf_size(name);
		memcpy(out, ldns_rdf_data(name), len);
	}
	ldns_rdf_deep_free(name);
	return len;
}

const char *master_name_text(const uint8_t *wire, size_t len, char *buf,
			     size_t size)
{
	ldns_rdf *name = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, len, wire);
	char *text = name == NULL ? NULL : ldns_rdf2str(name);

	snprintf(buf, size, "%s", text == NULL ? "?" : text);
	free(text);
	ldns_rdf_deep_free(name);
	return buf;
}

/* ldns joins names without a look at their length. */
static bool names_fit(const ldns_rr *rr)
{
	if (ldns_rdf_size(ldns_rr_owner(rr)) > NAME_OCTETS_MAX)
		return false;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		if (ldns_rdf_get_type(ldns_rr_rdf(rr, i)) ==
			    LDNS_RDF_TYPE_DNAME &&
		    ldns_rdf_size(ldns_rr_rdf(rr, i)) > NAME_OCTETS_MAX)
			return false;
	return true;
}

/* Why this record cannot be served, or NULL. */
static const char *refuse_rr(const struct master *m, const ldns_rr *rr)
{
	unsigned type = ldns_rr_get_type(rr);

	if (m->count >= MASTER_RECORDS_MAX)
		return "the zone has more than 1000000 records; remove some";
	if (!names_fit(rr))
		return "a name is longer than 255 octets; shorten it";
	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return "the class is not IN; write IN or none";
	if (ldns_rr_ttl(rr) > INT32_MAX)
		return "the TTL is larger than 2147483647 (RFC 2181, 8); lower "
		       "it";
	if (type == 0)
		return "the type is not known by name; write it by number, "
		       "like TYPE260 (RFC 3597, 5)";
	if (type == LDNS_RR_TYPE_OPT ||
	    (type >= TYPE_META_FIRST && type <= TYPE_META_LAST))
		return "this type is for queries and messages, not for zones; "
		       "remove it";
	return NULL;
}

/*
 * In the generic form ldns lets fields be missing at the end and octets be
 * behind the last.  A NULL may well be empty (RFC 1035, 3.3.10).
 */
static bool is_whole(const struct scan *s, const ldns_rr *rr,
		     const ldns_buffer *wire)
{
	ldns_rr_type type = ldns_rr_get_type(rr);
	const ldns_rr_descriptor *known = ldns_rr_descript((uint16_t)type);

	if (known->_type == type && type != LDNS_RR_TYPE_NULL &&
	    ldns_rr_rd_count(rr) < ldns_rr_descriptor_minimum(known))
		return false;
	return s->generic_octets < 0 ||
	       ldns_buffer_position(wire) == (size_t)s->generic_octets;
}

static void add_rr(struct scan *s, ldns_rr *rr, ldns_buffer *wire)
{
	struct record record = { .line = s->begins };
	ldns_rdf *owner = ldns_rr_owner(rr);
	const char *refusal = refuse_rr(s->master, rr);

	if (refusal != NULL) {
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "%s", refusal);
		return;
	}
	if (ldns_rr_rdata2buffer_wire(wire, rr) != LDNS_STATUS_OK ||
	    ldns_buffer_position(wire) > UINT16_MAX) {
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "the data does not fit in a record; shorten it");
		return;
	}
	if (!is_whole(s, rr, wire)) {
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "the data after \\# is not what this type has (RFC "
			   "3597, 5); write all of its fields, no more");
		return;
	}
	ldns_dname2canonical(owner);
	record.owner = ldns_rdf_data(owner);
	record.owner_len = (uint8_t)ldns_rdf_size(owner);
	record.rdata = ldns_buffer_begin(wire);
	record.rdata_len = (uint16_t)ldns_buffer_position(wire);
	record.type = (uint16_t)ldns_rr_get_type(rr);
	record.ttl_s = ldns_rr_ttl(rr);
	master_add(s->master, &record, place_of(s));
}

static void read_record(struct scan *s)
{
	ldns_buffer *wire;
	ldns_rr *rr = NULL;
	ldns_status status;

	if (!entry_generic(s->text, &s->generic_octets)) {
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "the data after \\# is not a length and so many "
			   "octets in hexadecimal (RFC 3597, 5)");
		return;
	}
	if (s->generic_octets > ENTRY_GENERIC_OCTETS_MAX) {
		errors_add(
			s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			"the data after \\# is longer than %d octets; shorten "
			"it",
			ENTRY_GENERIC_OCTETS_MAX);
		return;
	}
	entry_put_ttl_first(s->text);
	status = ldns_rr_new_frm_str(&rr, s->text, s->ttl_s, s->origin,
				     &s->previous);

	if (status != LDNS_STATUS_OK) {
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "record cannot be read: %s; write NAME TTL TYPE "
			   "DATA",
			   ldns_get_errorstr_by_id(status));
		return;
	}
	wire = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	if (wire == NULL)
		add_memory(s->master);
	else
		add_rr(s, rr, wire);
	ldns_buffer_free(wire);
	ldns_rr_free(rr);
}

/* A name after a directive, relative to the origin; NULL when it is none. */
static ldns_rdf *name_of(const struct scan *s, const char *text)
{
	ldns_rdf *name, *whole;

	if (strcmp(text, "@") == 0)
		return ldns_rdf_clone(s->origin);
	name = ldns_dname_new_frm_str(text);
	if (name == NULL || ldns_dname_str_absolute(text) != 0)
		return name;
	whole = ldns_dname_cat_clone(name, s->origin);
	ldns_rdf_deep_free(name);
	return whole;
}

static bool set_origin(struct scan *s, const char *text)
{
	ldns_rdf *name = name_of(s, text);

	if (name == NULL || ldns_rdf_size(name) > NAME_OCTETS_MAX) {
		ldns_rdf_deep_free(name);
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "$ORIGIN has no domain name; write $ORIGIN NAME");
		return false;
	}
	ldns_rdf_deep_free(s->origin);
	s->origin = name;
	return true;
}

static void set_ttl(struct scan *s, const char *text)
{
	const char *end = text;
	uint32_t ttl_s = ldns_str2period(text, &end);

	if (end == text || *end != '\0' || strlen(text) > 10 ||
	    ttl_s > INT32_MAX)
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "$TTL is \"%.40s\"; write seconds or 1h", text);
	else
		s->ttl_s = ttl_s;
}

static void scan_file(struct master *m, const struct source *source,
		      const struct scan *parent, const char *origin);

/* name is beside the file that includes it, so a folder can be moved. */
static const struct source *find_included(const struct scan *s,
					  const char *name)
{
	const char *slash = strrchr(s->source->name, '/');
	size_t folder = slash == NULL || name[0] == '/'
				? 0
				: (size_t)(slash - s->source->name) + 1;
	char path[SOURCES_PATH_SIZE];

	snprintf(path, sizeof(path), "%.*s%s", (int)folder, s->source->name,
		 name);
	return sources_read(s->master->sources, path, place_of(s),
			    s->master->errs);
}

static bool includes(const struct scan *s, const struct source *source)
{
	for (; s != NULL; s = s->parent)
		if (strcmp(s->source->path, source->path) == 0)
			return true;
	return false;
}

static void include(struct scan *s, const char *name, const char *origin)
{
	const struct source *source;

	if (s->depth + 1 >= MASTER_INCLUDES_MAX) {
		errors_add(s->master->errs, CODE_RECORD_INCLUDE, place_of(s),
			   "$INCLUDE is nested more than %d deep; write the "
			   "records flatter",
			   MASTER_INCLUDES_MAX);
		return;
	}
	source = find_included(s, name);
	if (source == NULL)
		return;
	if (includes(s, source))
		errors_add(s->master->errs, CODE_RECORD_INCLUDE, place_of(s),
			   "%.80s includes itself; remove the $INCLUDE", name);
	else
		scan_file(s->master, source, s, origin);
}

static void read_directive(struct scan *s)
{
	char *save = NULL;
	const char *word = strtok_r(s->text, " \t\r", &save);
	const char *first = strtok_r(NULL, " \t\r", &save);
	const char *second = strtok_r(NULL, " \t\r", &save);

	if (first == NULL)
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "%.40s has nothing after it; write its value", word);
	else if (strcasecmp(word, "$ORIGIN") == 0 && second == NULL)
		set_origin(s, first);
	else if (strcasecmp(word, "$TTL") == 0 && second == NULL)
		set_ttl(s, first);
	else if (strcasecmp(word, "$INCLUDE") == 0)
		include(s, first, second);
	else
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "%.40s cannot be used like this; write $ORIGIN "
			   "NAME, $TTL TIME or $INCLUDE FILE [NAME]",
			   word);
}

/* What an entry ended with. */
enum ending {
	ENDING_WHOLE,
	ENDING_QUOTE,  /* an open quote */
	ENDING_PAREN,  /* an open or a stray parenthesis */
	ENDING_LENGTH, /* too long */
	ENDING_NUL,    /* a NUL octet in it */
};

/* Copies one entry without comments and parentheses to s->text. */
static enum ending split_entry(struct scan *s)
{
	const char *octets = s->source->octets;
	enum ending ending = ENDING_WHOLE;
	bool quoted = false, comment = false;
	unsigned parens = 0;
	size_t n = 0;

	s->begins = s->line;
	for (; s->at < s->source->len; s->at++) {
		char c = octets[s->at];

		if (c == '\n') {
			s->line++;
			comment = false;
			if (quoted || parens == 0)
				break;
			c = ' ';
		}
		if (comment)
			continue;
		if (c == ';' && !quoted) {
			comment = true;
			continue;
		}
		if (c == '\0')
			ending = ENDING_NUL;
		if (c == '"')
			quoted = !quoted;
		if (c == ')' && !quoted && parens == 0)
			ending = ENDING_PAREN;
		else if ((c == '(' || c == ')') && !quoted)
			parens = c == '(' ? parens + 1 : parens - 1;
		if ((c == '(' || c == ')' || c == '\r') && !quoted)
			c = ' ';
		if (n + 3 > MASTER_ENTRY_SIZE) {
			ending = ENDING_LENGTH;
			continue;
		}
		s->text[n++] = c;
		if (c == '\\' && s->at + 1 < s->source->len &&
		    octets[s->at + 1] != '\n')
			s->text[n++] = octets[++s->at];
	}
	s->at++; /* beyond the newline */
	s->text[n] = '\0';
	if (ending != ENDING_WHOLE)
		return ending;
	return quoted ? ENDING_QUOTE : parens > 0 ? ENDING_PAREN : ENDING_WHOLE;
}

static void read_entry(struct scan *s, enum ending ending)
{
	static const char *const complaints[] = {
		[ENDING_QUOTE] = "a quote is not closed on its line; close it",
		[ENDING_PAREN] =
			"parentheses do not match; write them in pairs",
		[ENDING_LENGTH] = "the entry is too long; split it",
		[ENDING_NUL] = "there is a NUL octet; remove it",
	};

	if (ending != ENDING_WHOLE)
		errors_add(s->master->errs, CODE_RECORD_SYNTAX, place_of(s),
			   "%s", complaints[ending]);
	else if (s->text[strspn(s->text, " \t")] == '\0')
		return;
	else if (s->text[0] == '$')
		read_directive(s);
	else
		read_record(s);
}

/* RFC 1035, 5.1: $INCLUDE leaves the origin of the parent as it was. */
static void scan_file(struct master *m, const struct source *source,
		      const struct scan *parent, const char *origin)
{
	struct scan s = { .master = m,
			  .source = source,
			  .parent = parent,
			  .line = 1,
			  .begins = 1,
			  .ttl_s = m->ttl_s };
	char *text = malloc(MASTER_ENTRY_SIZE);
	bool ok;

	s.text = text;
	if (parent != NULL) {
		s.depth = parent->depth + 1;
		s.ttl_s = parent->ttl_s;
	}
	s.origin = parent == NULL ? ldns_dname_new_frm_str(m->zone)
				  : ldns_rdf_clone(parent->origin);
	ok = text != NULL && s.origin != NULL;
	if (!ok)
		add_memory(m);
	if (ok && origin != NULL)
		ok = set_origin(&s, origin);
	while (ok && s.at < source->len)
		read_entry(&s, split_entry(&s));
	ldns_rdf_deep_free(s.origin);
	ldns_rdf_deep_free(s.previous);
	free(text);
}

void master_read(struct master *m, const struct source *source)
{
	scan_file(m, source, NULL, NULL);
}
