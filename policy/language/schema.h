/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema -- the keys of the policy language: one row each, one table.
 *
 * The parser, its suggestions, its ranges and defaults and the test of the
 * manual (windrose-policy(5)) read the same rows.  Pure.
 */
#ifndef POLICY_LANGUAGE_SCHEMA_H
#define POLICY_LANGUAGE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/* What is written below a key, and what it becomes at the row's offset. */
enum schema_kind {
	/* Structure: what is inside has rows of its own. */
	SCHEMA_MAP,   /* the keys of inner, into the struct at offset */
	SCHEMA_NAMED, /* names of the operator's choice, each the keys of inner
		       */
	SCHEMA_ITEMS, /* a list, each item the keys of inner */
	SCHEMA_TERMS, /* names, each a client term or a list of them */
	/* Values. */
	SCHEMA_TEXT,     /* not empty; const char * */
	SCHEMA_PATH,     /* begins with "/"; const char * */
	SCHEMA_FILE,     /* a path; const char *, joined with the directory */
	SCHEMA_FILES,    /* one or a list; into struct policy_geo */
	SCHEMA_HOST,     /* a domain name; const char *, no final dot */
	SCHEMA_DOMAIN,   /* const char *, absolute */
	SCHEMA_DOMAINS,  /* one or a list; const char **, then size_t */
	SCHEMA_MAILBOX,  /* const char *, a domain name */
	SCHEMA_NUMBER,   /* double */
	SCHEMA_WHOLE,    /* uint32_t */
	SCHEMA_PORT,     /* uint16_t */
	SCHEMA_PERCENT,  /* "5%"; uint32_t */
	SCHEMA_PERCENTS, /* a rising list; uint32_t *, then size_t */
	SCHEMA_SECONDS,  /* a duration of whole seconds; uint32_t */
	SCHEMA_MILLIS,   /* a duration; int64_t, milliseconds */
	SCHEMA_WAY,      /* a duration; double, milliseconds */
	SCHEMA_BITS,     /* "/24"; uint8_t */
	SCHEMA_STATUS,   /* "200-299", or a list; struct status_range *, then
			    size_t */
	SCHEMA_LINE,     /* of printable ASCII; const char * */
	SCHEMA_URL,      /* of a web server; const char *, no final slash */
	SCHEMA_QUERY,    /* with placeholders; const char * */
	SCHEMA_VECTOR,   /* a query without; const char * */
	SCHEMA_QTYPE,    /* of a record that can be asked for; uint16_t */
	SCHEMA_PROGRAM,  /* the name of a file; const char * */
	SCHEMA_TEXTS,    /* one or a list; const char **, then size_t */
	SCHEMA_FIELD,    /* the name of a header field; const char * */
	SCHEMA_FIELDS,   /* a map of header fields; struct policy_field *, then
			    size_t */
	SCHEMA_LOCATION, /* [latitude, longitude]; two double */
	SCHEMA_WORD,     /* one of words; unsigned, its index */
	SCHEMA_FLAG,     /* one of two words; bool, true for the second */
	SCHEMA_ASN,      /* "AS64500"; uint32_t, not 0 */
	SCHEMA_ADDR,     /* an address of either family; struct net_addr */
	SCHEMA_V4,       /* one or a list; struct net_addr *, then size_t */
	SCHEMA_V6,
	SCHEMA_TARGET,   /* a domain name, or "."; const char *, absolute */
	SCHEMA_ALPN,     /* one or a list; const char **, then size_t */
	SCHEMA_ECH,      /* base64; const uint8_t *, then size_t */
	SCHEMA_TIMEZONE, /* const char *: the name; read by calendar_load() */
	SCHEMA_DAYS,     /* one or a list; uint32_t, bit 0 is Monday */
	SCHEMA_HOURS,    /* one or a list; struct window_span *, then size_t */
	SCHEMA_INSTANT,  /* int64_t, seconds since 1970 */
	SCHEMA_ANCHORS, /* one or a list; struct policy_anchor *, then size_t */
	SCHEMA_RESPONDERS, /* a map of names and addresses; struct
			      policy_responder *, then size_t */
	SCHEMA_CODE,       /* "WR0402", of a warning; unsigned */
	SCHEMA_SEVERITIES, /* a map of such codes; struct policy_severity *,
			      then size_t */
	/* References, by name. */
	SCHEMA_SET,           /* client set; int */
	SCHEMA_HEALTH,        /* a check or an expression; the caller reads */
	SCHEMA_SERVICE,       /* int */
	SCHEMA_REGION,        /* int */
	SCHEMA_REGIONS,       /* one or a list; uint64_t, a bit each */
	SCHEMA_JURISDICTIONS, /* one or a list; uint64_t, a bit each */
	SCHEMA_NEW_JURISDICTIONS, /* the same, and here they are defined */
	SCHEMA_WINDOWS,           /* one or a list; uint64_t, a bit each */
	SCHEMA_CHECKS,            /* of an expression; the caller reads */
	/* Of the test's service; the caller reads: */
	SCHEMA_ENDPOINTS, /* one or a list; uint64_t, a bit each */
	SCHEMA_ORDER,     /* see policy/language/supposition */
	SCHEMA_STEP,      /* of a canary; so, too */
};

struct schema;

struct schema_row {
	const char *key;
	enum schema_kind kind;
	bool required;
	size_t offset; /* of the value in the struct that is filled */
	/* Numbers: the range, in ms for durations.  Structure: max entries. */
	double min, max;
	const char *preset; /* the default as one would write it, or NULL */
	const char *const *words;   /* SCHEMA_WORD and _FLAG, NULL at the end */
	const struct schema *inner; /* structure */
	const char *help;           /* one line */
};

struct schema {
	const struct schema_row *rows;
	size_t count;
};

/* The keys at the top of every file, in the order of struct policy. */
enum section {
	SECTION_ZONE,
	SECTION_ZONES,
	SECTION_GEO,
	SECTION_CLIENTS,
	SECTION_REGIONS,
	SECTION_VANTAGES,
	SECTION_WINDOWS,
	SECTION_CHECKS,
	SECTION_RESIDENCY,
	SECTION_SERVICES,
	SECTION_CANARIES,
	SECTION_SAFETY,
	SECTION_VERIFY,
	SECTION_REVIEW,
	SECTION_ROLLOUT,
	SECTION_TESTS,
	SECTION_COUNT,
};

/* Rows are indexed by enum section. */
extern const struct schema schema_top;

/* Those below "services.NAME.endpoints" and the like. */
extern const struct schema schema_endpoint;

/* schema_canary.c: those below "canaries.NAME" and further down. */
extern const struct schema schema_canary, schema_canary_endpoint, schema_stage;

/* schema_safety.c: those below "safety", "verify" and "rollout". */
extern const struct schema schema_safety, schema_verify, schema_rollout,
	schema_wave;

/* schema_review.c: those below "review" and "review.accepted". */
extern const struct schema schema_review, schema_acceptance;

/* A service's check, when it is an expression. */
extern const struct schema *const schema_expression;

/* NULL when schema has no such key. */
const struct schema_row *schema_find(const struct schema *schema,
				     const char *key);

/* The known key nearest to a mistyped one, or NULL. */
const char *schema_nearest(const struct schema *schema, const char *key);

/* What a value of this kind looks like: "a duration like 250ms, 30s or 2h". */
const char *schema_kind_text(enum schema_kind kind);

#endif
