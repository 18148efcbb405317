/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world -- a small policy, zone and geography for tests of the responder's
 * pure parts, made by hand so that every answer can be told by reading.
 *
 * Regions eu, us; classes by network (see world.c); the records are those of
 * tests/data/dns/world.zone.  Services:
 *
 *   @       geo       192.0.2.1 eu, 192.0.2.2 us
 *   www     geo       192.0.2.11, 2001:db8::11 eu; 192.0.2.12 us, no AAAA
 *   app     weighted  192.0.2.21 eu, 192.0.2.22 us, sticky /24 and /48
 *   rnd     weighted  the same, a fresh draw per query
 *   all     weighted  both in one answer; they share one address
 *   locked  geo       only eu; residency's rule says no-answer
 *   *.pool  geo       192.0.2.31 eu, 192.0.2.32 us
 *   jit     geo       TTL 100 with 10 % of jitter; one address, twice
 *   big     weighted  both in one answer, sixteen addresses each
 *   away    geo       CNAME app eu, host.example.net us
 *   round   geo       CNAME back, and back is a CNAME round
 *   *.away  geo       CNAME www eu, txt us
 *   web     geo       192.0.2.71, 2001:db8::71 eu; 192.0.2.72 us; HTTPS, SVCB
 *   *.web   weighted  192.0.2.73 eu and 192.0.2.74 us in one answer, and HTTPS
 *   mixed   weighted  192.0.2.75 eu; 192.0.2.76, 2001:db8::76 us; HTTPS
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stddef.h>
#include <stdint.h>

struct model;
struct policy;
struct signer;
struct table;
struct view;

enum world_service {
	WORLD_APEX,
	WORLD_WWW,
	WORLD_APP,
	WORLD_RND,
	WORLD_ALL,
	WORLD_LOCKED,
	WORLD_POOL,
	WORLD_JIT,
	WORLD_BIG,
	WORLD_AWAY,
	WORLD_ROUND,
	WORLD_AWAYS,
	WORLD_WEB,
	WORLD_WEBS,
	WORLD_MIXED,
	WORLD_SERVICES,
};

struct world {
	struct policy *policy; /* the model's */
	struct model *model;
	struct view *view; /* all healthy */
	struct table *table;
	struct signer *signer; /* NULL: the zone is not signed */
};

/* Aborts with a message when anything fails. */
struct world world_new(void);

/* The same with its zone signed by the keys in tests/data/keys/world. */
struct world world_new_signed(void);

void world_free(struct world *world);

/* For cmocka: *state is a world, the program's only one of this kind. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* Appends the master file's text to policy as records; aborts on errors. */
void world_read_zone(struct policy *policy, const char *text);

/* Another geography of random networks inside one /16 and one /32. */
void world_shuffle(struct world *world, uint64_t seed);

#endif
