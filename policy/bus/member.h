/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member -- typed members of JSON objects, read strictly and written compactly.
 *
 * One rule for every codec: an absent member is its zero (0, "", false, the
 * first word, no items), so writers leave zeros out and older writers stay
 * readable; a member whose range has no zero, and a name, is thereby required.
 * Unknown members are ignored (a newer writer).  A writer whose meaning would
 * be lost that way says so in the member needs: the version of this language
 * that a reader has to speak.  A document that needs more than MEMBER_SPEAKS
 * is refused before anything else in it is looked at.  A wrong type, a value
 * out of range, a text too long or with control characters, a name given twice
 * in one object, and nesting deeper than MEMBER_DEPTH_MAX are errors.
 *
 * A reader's first error sticks: read all members, then look at failed once.
 * Pure.
 */
#ifndef POLICY_BUS_MEMBER_H
#define POLICY_BUS_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

enum {
	MEMBER_DEPTH_MAX = 16,
	/* Rises by one when a document may mean what a reader before cannot
	 * leave out; writers then put needs into those documents only, or, as
	 * for pins, do not write them while such a reader is there. */
	MEMBER_SPEAKS = 2,
	MEMBER_SPEAKS_PINS = 2, /* who obeys a pin, speaks at least this */
};

/* Integers that every JSON reader, and Lua, holds exactly (RFC 8259, 6). */
#define MEMBER_EXACT_MAX ((INT64_C(1) << 53) - 1)

/*
 * The object that octets hold; the caller ends it with json_decref().  NULL
 * with err set, which begins with what ("plan").
 */
struct json_t *member_load(const char *what, const void *octets, size_t len,
			   size_t max, struct error *err);

struct member_reader {
	const struct json_t *object; /* borrowed */
	const char *what;            /* "plan", "share": for messages */
	size_t place;                /* of an array's item, from 1; 0: none */
	struct error *err;
	bool failed;
};

/* Begins with an item of an array: fails when it is not an object. */
struct member_reader member_item(const struct json_t *array, size_t index,
				 const char *what, struct error *err);

/* Text of less than size octets; out is untouched when it fails. */
void member_text(struct member_reader *r, const char *name, char *out,
		 size_t size);
/* The same, required and not empty. */
void member_name(struct member_reader *r, const char *name, char *out,
		 size_t size);
/* Within min..max; absent counts as 0 and fails when 0 is outside. */
int64_t member_integer(struct member_reader *r, const char *name, int64_t min,
		       int64_t max);
double member_number(struct member_reader *r, const char *name, double min,
		     double max);
bool member_flag(struct member_reader *r, const char *name);
/* The index of one of the words. */
unsigned member_word(struct member_reader *r, const char *name,
		     const char *const *words, size_t count);
/* An array of at most max items, borrowed; NULL when absent. */
const struct json_t *member_array(struct member_reader *r, const char *name,
				  size_t max);
/* Fails when it is absent. */
void member_require(struct member_reader *r, const char *name);

/* For errors between members. */
void member_fail(struct member_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Out of memory sticks in failed. */
struct member_writer {
	struct json_t *object; /* owned until member_finish() or _take() */
	bool failed;
};

struct member_writer member_begin(void);

/*
 * Zeros are left out.  Text is cleaned: control characters become spaces, and
 * what is not UTF-8 (a message cut in the middle of a letter) question marks.
 */
void member_put_text(struct member_writer *w, const char *name,
		     const char *text);
void member_put_integer(struct member_writer *w, const char *name,
			int64_t value);
void member_put_number(struct member_writer *w, const char *name, double value);
void member_put_flag(struct member_writer *w, const char *name, bool value);
/*
 * Appends to an array, taking ownership of item.  NULL item counts as out of
 * memory: then the list is gone and *list NULL, which stays so, and is what
 * member_put_json() takes for a failure.
 */
void member_append(struct json_t **list, struct json_t *item);

/* Takes ownership of value; NULL counts as out of memory. */
void member_put_json(struct member_writer *w, const char *name,
		     struct json_t *value);

/* The text as JSON, cleaned as above; NULL when memory runs out. */
struct json_t *member_clean_text(const char *text);

/* The object itself, or NULL when memory ran out. */
struct json_t *member_take(struct member_writer *w);

/*
 * The object as compact text, which the caller frees; *len without its NUL.
 * digits: significant digits of numbers, 9 for float, 17 for double.
 */
char *member_finish(struct member_writer *w, unsigned digits, size_t *len);

#endif
