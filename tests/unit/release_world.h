/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_world -- responders that do what a plan says of policies, a second at
 * a time, and the release that is said to them.
 */
#ifndef TESTS_UNIT_RELEASE_WORLD_H
#define TESTS_UNIT_RELEASE_WORLD_H

#include "steering/release_request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define DIGITS "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* The digests of what all serve, and of what is published. */
#define BASE "b" DIGITS
#define NEXT "e" DIGITS

enum { NODES_MAX = 8, SECOND = 1000 };

/* A responder, as it is in truth. */
struct taker {
	char name[RELEASE_NAME_SIZE];
	char digest[RELEASE_DIGEST_SIZE];
	bool dead, refuses, mutes; /* the next policy */
	uint64_t queries, failures;
	unsigned failing_pct; /* while it serves next */
	int64_t late_ms;      /* it takes so long to follow */
	int64_t told_ms;      /* when what it is told was said first */
	char told[RELEASE_DIGEST_SIZE];
};

struct fleet {
	struct release release;
	struct registry registry;
	struct audit audit;
	struct policy_rollout rollout;
	struct rollout_wave waves[4];
	const char *first[2];
	struct taker takers[NODES_MAX];
	size_t count;
	const char *tried, *failure;
	int64_t now_ms;
};

/* Responders dns-0 and so on, which serve BASE; dns-0 first, then half. */
void fleet_init(struct fleet *f, size_t count);
void fleet_fini(struct fleet *f);
struct release_input fleet_input(const struct fleet *f);

/* A second of everybody's life. */
void fleet_tick(struct fleet *f);

/* What ann wants, now. */
bool fleet_ask(struct fleet *f, bool abort, bool forced, struct error *err);

/* NEXT is published, and loads at the agent. */
void fleet_publish(struct fleet *f);

enum release_phase fleet_phase(const struct fleet *f);
/* Fails the test when it is not in that phase within so many seconds. */
void fleet_until(struct fleet *f, enum release_phase phase, unsigned most);
size_t fleet_count(const struct fleet *f, const char *digest);

#endif
