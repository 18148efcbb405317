/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target -- what a command's target names, and whether the policy has it.
 *
 * Pure.
 */
#ifndef POLICY_BUS_TARGET_H
#define POLICY_BUS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

struct command;
struct error;
struct policy;

/* Every service and every canary; no service of that name can be meant alone.
 */
#define TARGET_ALL "all"

enum target_kind {
	TARGET_NOTHING,
	TARGET_PLACE, /* REGION or SERVICE/ENDPOINT */
	TARGET_SERVICE,
	TARGET_ENDPOINT, /* SERVICE/ENDPOINT */
	TARGET_ID,
	TARGET_PLAN, /* EPOCH/SEQUENCE, or previous */
	TARGET_CANARY,
	TARGET_FROZEN, /* TARGET_ALL, SERVICE or SERVICE/CANARY */
	TARGET_PIN,    /* SERVICE, of these clients, to that */
};

/* What SERVICE/ENDPOINT names; false when it names nothing. */
bool target_endpoint(const char *target, const struct policy *policy,
		     int *service, int *endpoint);

/*
 * What a pin names: the service, the client set, and of the service's endpoints
 * those in the region or, where none is in a region of that name, the one of
 * that name: a bit each, never a canary's.
 */
struct target_pin {
	int service, set;
	uint64_t endpoints; /* not 0 */
};

/* False when the policy has not all of it. */
bool target_pin(const struct command *command, const struct policy *policy,
		struct target_pin *out);

/* False with err saying what the target should have been. */
bool target_check(const struct command *command, enum target_kind kind,
		  const struct policy *policy, struct error *err);

#endif
