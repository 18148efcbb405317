/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic_world -- twelve regions of the world, each with an endpoint of
 * service www, and clients by country: those of the European Economic Area
 * stay in it.  Each region can carry a quarter more than what the clients bring
 * to whom it is the nearest: all are loaded to 80 % when all are well.
 */
#ifndef TESTS_UNIT_TRAFFIC_WORLD_H
#define TESTS_UNIT_TRAFFIC_WORLD_H

#include "policy/decide/crowd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRAFFIC_REGIONS = 12, TRAFFIC_CLASSES_MAX = 128 };

struct traffic_world {
	struct policy policy;
	struct policy_region regions[TRAFFIC_REGIONS];
	struct policy_service service;
	struct policy_endpoint endpoints[TRAFFIC_REGIONS];
	struct view view;
	struct view_service seen;
	struct view_endpoint at[TRAFFIC_REGIONS];
	struct client_class classes[TRAFFIC_CLASSES_MAX];
	const struct client_class *list[TRAFFIC_CLASSES_MAX];
	double demand[TRAFFIC_CLASSES_MAX];
	size_t count;
	double whole;                 /* demand of all */
	double base[TRAFFIC_REGIONS]; /* by region, when all are well */
};

/* Of tests/data/traffic/NAME.csv: a place a line, country,weight,latitude,
 * longitude.  The caller frees it with free(3). */
struct traffic_world *traffic_world_new(const char *name);

/* All are well but for these: a bit each. */
void traffic_world_lose(struct traffic_world *w, uint64_t lost);

/* The service's clients as they are, with the view's health. */
void traffic_world_gather(const struct traffic_world *w, struct crowd *out);

/* Could the regions without those lost carry everybody, and those of the Area
 * within it? */
bool traffic_world_can(const struct traffic_world *w, uint64_t lost);

/* Names, and which are of the Area. */
bool traffic_world_is_eea(int region);

#endif
