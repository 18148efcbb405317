/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/atlas.h"

#include "policy/decide/corrections.h"
#include "policy/decide/intern.h"
#include "policy/decide/memo.h"
#include "policy/decide/mmdb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_WORDS = 3, CLASS_WORDS = 4 };

/* A growing array of equal items, each belonging to the interned key of the
 * same number. */
struct column {
	void *items;
	size_t size, cap;
};

struct answer {
	uint16_t class_id;
	bool covered;  /* some database or correction knows the network */
	unsigned seen; /* enum atlas_facts that databases gave */
};

struct atlas {
	struct atlas_setup setup;
	struct intern *records[WALK_DATABASES_MAX];     /* refs */
	struct column record_facts[WALK_DATABASES_MAX]; /* uint32_t: numbers in
							 * facts */
	struct intern *facts;                           /* packed facts */
	struct column facts_of;  /* struct client_facts */
	struct intern *mixes;    /* facts by database, correction, mask */
	struct column answers;   /* struct answer, by mix */
	struct intern *classes;  /* packed classes */
	struct column class_of;  /* struct client_class, without weights */
	struct column weight_of; /* double, by class */
	enum atlas_failure failure;
	size_t failed_database;
	unsigned seen, seen_in[WALK_DATABASES_MAX];
	size_t networks;
	double weights[129]; /* of networks, by their bits */
	struct {
		uint32_t refs[WALK_REFS_MAX];
		bool valid, covered;
		uint16_t class_id;
	} last; /* neighbours often say the same */
	struct memo memo;
};

static bool column_put(struct column *column, size_t number, const void *item)
{
	if (number >= column->cap) {
		size_t cap = column->cap == 0 ? 256 : column->cap * 2;
		void *more = realloc(column->items, cap * column->size);

		if (more == NULL)
			return false;
		column->items = more;
		column->cap = cap;
	}
	memcpy((char *)column->items + number * column->size, item,
	       column->size);
	return true;
}

static uint64_t packed_text(const char *text, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, text, strnlen(text, size));
	return word;
}

static void facts_pack(const struct client_facts *facts,
		       uint64_t words[FACTS_WORDS])
{
	int16_t row = 0, column = 0;

	if (facts->located)
		client_cell(facts->latitude, facts->longitude, &row, &column);
	words[0] = packed_text(facts->country, 2) |
		   packed_text(facts->continent, 2) << 16 |
		   (uint64_t)facts->asn << 32;
	words[1] = packed_text(facts->subdivision, sizeof(facts->subdivision));
	words[2] = (uint64_t)facts->located << 32 |
		   (uint64_t)(uint16_t)row << 16 | (uint16_t)column;
}

static void class_pack(const struct client_class *class,
		       uint64_t words[CLASS_WORDS])
{
	words[0] = class->sets;
	words[1] = class->regions;
	words[2] = class->residency;
	words[3] = packed_text(class->country, 2) |
		   (uint64_t)(uint16_t) class->cell_lat << 16 |
		   (uint64_t)(uint16_t) class->cell_lon << 32 |
		   (uint64_t) class->located << 48 |
		   (uint64_t) class->unknown << 49 |
		   (uint64_t) class->none_healthy << 50;
}

static unsigned facts_seen(const struct client_facts *facts)
{
	return (facts->country[0] != '\0' ? ATLAS_COUNTRY : 0u) |
	       (facts->subdivision[0] != '\0' ? ATLAS_SUBDIVISION : 0u) |
	       (facts->continent[0] != '\0' ? ATLAS_CONTINENT : 0u) |
	       (facts->asn != 0 ? ATLAS_ASN : 0u) |
	       (facts->located ? ATLAS_LOCATION : 0u);
}

static uint32_t fail(struct atlas *atlas, enum atlas_failure failure)
{
	if (atlas->failure == ATLAS_FINE)
		atlas->failure = failure;
	return UINT32_MAX;
}

static uint32_t facts_number(struct atlas *atlas,
			     const struct client_facts *facts)
{
	uint64_t words[FACTS_WORDS];
	uint32_t number;
	bool added;

	facts_pack(facts, words);
	number = intern_number(atlas->facts, words, &added);
	if (number == UINT32_MAX ||
	    (added && !column_put(&atlas->facts_of, number, facts)))
		return fail(atlas, ATLAS_MEMORY);
	return number;
}

/* The number of the facts of a record, 0 for no record. */
static uint32_t record_number(struct atlas *atlas, size_t db, uint32_t ref)
{
	const struct mmdb *file = atlas->setup.sources->databases[db];
	uint64_t key = ref;
	struct client_facts facts;
	uint32_t record, number;
	bool added;

	if (ref == mmdb_nodes(file))
		return 0;
	record = intern_number(atlas->records[db], &key, &added);
	if (record == UINT32_MAX)
		return fail(atlas, ATLAS_MEMORY);
	if (!added)
		return ((uint32_t *)atlas->record_facts[db].items)[record];
	if (!mmdb_facts(file, ref, atlas->setup.needs, &facts)) {
		atlas->failed_database = db;
		return fail(atlas, ATLAS_DAMAGED);
	}
	atlas->seen_in[db] |= facts_seen(&facts);
	number = facts_number(atlas, &facts);
	if (number != UINT32_MAX &&
	    !column_put(&atlas->record_facts[db], record, &number))
		return fail(atlas, ATLAS_MEMORY);
	return number;
}

/* What to lacks and from has; a subdivision only of the same country. */
static void facts_merge(struct client_facts *to,
			const struct client_facts *from)
{
	if (to->country[0] == '\0')
		memcpy(to->country, from->country, sizeof(to->country));
	if (to->continent[0] == '\0')
		memcpy(to->continent, from->continent, sizeof(to->continent));
	if (to->subdivision[0] == '\0' &&
	    strncmp(from->subdivision, to->country, 2) == 0)
		memcpy(to->subdivision, from->subdivision,
		       sizeof(to->subdivision));
	if (to->asn == 0)
		to->asn = from->asn;
	if (!to->located && from->located) {
		to->located = true;
		to->latitude = from->latitude;
		to->longitude = from->longitude;
	}
}

static uint32_t class_number(struct atlas *atlas,
			     const struct client_class *class)
{
	uint64_t words[CLASS_WORDS];
	uint32_t number;
	bool added;

	class_pack(class, words);
	number = intern_number(atlas->classes, words, &added);
	if (number == UINT32_MAX)
		return fail(atlas, ATLAS_MEMORY);
	if (number >= ATLAS_CLASSES_MAX)
		return fail(atlas, ATLAS_CLASSES);
	if (added && (!column_put(&atlas->class_of, number, class) ||
		      !column_put(&atlas->weight_of, number, &(double){ 0 })))
		return fail(atlas, ATLAS_MEMORY);
	return number;
}

/* mix: facts numbers by database, correction index + 1, mask number. */
static bool classify(struct atlas *atlas, const uint64_t *mix,
		     struct answer *answer)
{
	const struct atlas_setup *setup = &atlas->setup;
	const struct client_facts *known = atlas->facts_of.items;
	size_t count = setup->sources->count;
	struct client_facts facts = { 0 };
	struct client_class class;
	uint64_t mask;
	uint32_t number;

	for (size_t i = 0; i < count; i++)
		facts_merge(&facts, &known[mix[i]]);
	answer->seen = facts_seen(&facts);
	if (mix[count] != 0)
		correction_apply(&setup->corrections->list[mix[count] - 1],
				 &facts);
	mask = *intern_key(setup->networks, (uint32_t)mix[count + 1]);
	class = client_classify(setup->policy, setup->needs, &facts, mask);
	number = class_number(atlas, &class);
	answer->class_id = (uint16_t)number;
	return number != UINT32_MAX;
}

static bool find_answer(struct atlas *atlas, const uint32_t *refs,
			struct answer *answer)
{
	const struct walk_sources *sources = atlas->setup.sources;
	uint64_t mix[WALK_REFS_MAX] = { 0 };
	bool covered = refs[sources->count] != 0, added;
	uint32_t number;

	for (size_t i = 0; i < sources->count; i++) {
		number = record_number(atlas, i, refs[i]);
		if (number == UINT32_MAX)
			return false;
		mix[i] = number;
		covered |= refs[i] != mmdb_nodes(sources->databases[i]);
	}
	mix[sources->count] = refs[sources->count];
	mix[sources->count + 1] = refs[sources->count + 1];
	number = intern_number(atlas->mixes, mix, &added);
	if (number != UINT32_MAX && !added) {
		*answer = ((struct answer *)atlas->answers.items)[number];
		answer->covered = covered;
		return true;
	}
	*answer = (struct answer){ .covered = covered };
	if (number == UINT32_MAX ||
	    (classify(atlas, mix, answer) &&
	     !column_put(&atlas->answers, number, answer)))
		fail(atlas, ATLAS_MEMORY);
	return atlas->failure == ATLAS_FINE;
}

/* /24s of IPv4, /48s of IPv6. */
static void fill_weights(struct atlas *atlas)
{
	int unit = atlas->setup.family == NET_V4 ? 24 : 48;

	for (int bits = 0; bits <= 128; bits++)
		atlas->weights[bits] = ldexp(1, unit - bits);
}

static bool memo_fill(struct atlas *atlas, const uint32_t *refs,
		      struct memo_slot *slot)
{
	struct answer answer;

	slot->generation = 0;
	if (!find_answer(atlas, refs, &answer))
		return false;
	if (answer.covered)
		atlas->seen |= answer.seen;
	*slot = (struct memo_slot){
		.ref = refs[atlas->memo.varies],
		.class_id = answer.class_id,
		.covered = answer.covered,
		.generation = (uint8_t)atlas->memo.generation,
	};
	return true;
}

static bool answer_changed(struct atlas *atlas, const uint32_t *refs)
{
	struct memo *memo = &atlas->memo;
	size_t count = atlas->setup.sources->count + 2;
	struct memo_slot *slot;

	slot = memo_slot(memo, refs, count);
	if (!memo_has(memo, slot, refs) && !memo_fill(atlas, refs, slot))
		return false;
	atlas->last.class_id = slot->class_id;
	atlas->last.covered = slot->covered;
	for (size_t i = 0; i < count; i++)
		atlas->last.refs[i] = refs[i];
	return true;
}

static bool is_last(const struct atlas *atlas, const uint32_t *refs)
{
	bool same = atlas->last.valid;

	for (size_t i = 0; same && i < atlas->setup.sources->count + 2; i++)
		same = atlas->last.refs[i] == refs[i];
	return same;
}

uint32_t atlas_class(struct atlas *atlas, unsigned bits, const uint32_t *refs)
{
	if (!is_last(atlas, refs)) {
		atlas->last.valid = answer_changed(atlas, refs);
		if (!atlas->last.valid)
			return UINT32_MAX;
	}
	if (atlas->last.covered) {
		atlas->networks++;
		((double *)atlas->weight_of.items)[atlas->last.class_id] +=
			atlas->weights[bits];
	}
	return atlas->last.class_id;
}

/* Facts 0 are nothing at all, and so is class 0. */
static bool put_nothing(struct atlas *atlas)
{
	const struct client_facts nothing = { 0 };
	struct client_class class =
		client_classify(atlas->setup.policy, atlas->setup.needs, NULL,
				0);

	return facts_number(atlas, &nothing) == 0 &&
	       class_number(atlas, &class) == 0;
}

struct atlas *atlas_new(const struct atlas_setup *setup)
{
	struct atlas *atlas = calloc(1, sizeof(*atlas));
	bool ok = true;

	if (atlas == NULL)
		return NULL;
	atlas->setup = *setup;
	for (size_t i = 0; i < setup->sources->count; i++) {
		atlas->records[i] = intern_new(1);
		atlas->record_facts[i].size = sizeof(uint32_t);
		ok = ok && atlas->records[i] != NULL;
	}
	atlas->facts = intern_new(FACTS_WORDS);
	atlas->facts_of.size = sizeof(struct client_facts);
	atlas->mixes = intern_new(setup->sources->count + 2);
	atlas->answers.size = sizeof(struct answer);
	atlas->classes = intern_new(CLASS_WORDS);
	atlas->class_of.size = sizeof(struct client_class);
	atlas->weight_of.size = sizeof(double);
	ok = memo_init(&atlas->memo) && ok;
	fill_weights(atlas);
	if (ok && atlas->facts != NULL && atlas->mixes != NULL &&
	    atlas->classes != NULL && put_nothing(atlas))
		return atlas;
	atlas_free(atlas);
	return NULL;
}

void atlas_free(struct atlas *atlas)
{
	if (atlas == NULL)
		return;
	for (size_t i = 0; i < WALK_DATABASES_MAX; i++) {
		intern_free(atlas->records[i]);
		free(atlas->record_facts[i].items);
	}
	intern_free(atlas->facts);
	free(atlas->facts_of.items);
	intern_free(atlas->mixes);
	free(atlas->answers.items);
	intern_free(atlas->classes);
	free(atlas->class_of.items);
	free(atlas->weight_of.items);
	memo_fini(&atlas->memo);
	free(atlas);
}

enum atlas_failure atlas_failed(const struct atlas *atlas, size_t *database)
{
	*database = atlas->failed_database;
	return atlas->failure;
}

unsigned atlas_seen(const struct atlas *atlas)
{
	return atlas->seen;
}

unsigned atlas_seen_in(const struct atlas *atlas, size_t database)
{
	return atlas->seen_in[database];
}

size_t atlas_networks(const struct atlas *atlas)
{
	return atlas->networks;
}

const struct client_class *atlas_classes(const struct atlas *atlas,
					 size_t *count)
{
	*count = intern_count(atlas->classes);
	return atlas->class_of.items;
}

/* What other weighs its class from, our class to weighs, too. */
static void take_weight(struct atlas *atlas, size_t to,
			const struct atlas *other, size_t from)
{
	struct client_class *class =
		(struct client_class *)atlas->class_of.items + to;
	double weight = ((double *)other->weight_of.items)[from];

	if (other->setup.family == NET_V4)
		class->weight_v4 += weight;
	else
		class->weight_v6 += weight;
}

bool atlas_merge(struct atlas *atlas, const struct atlas *other,
		 uint16_t *renamed)
{
	size_t count, own_count;
	const struct client_class *theirs = atlas_classes(other, &count);

	atlas_classes(atlas, &own_count);
	for (size_t i = 0; i < own_count; i++)
		take_weight(atlas, i, atlas, i);
	for (size_t i = 0; i < count; i++) {
		uint32_t number = class_number(atlas, &theirs[i]);

		if (number == UINT32_MAX)
			return false;
		take_weight(atlas, number, other, i);
		renamed[i] = (uint16_t)number;
	}
	return true;
}
