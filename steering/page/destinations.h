/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destinations -- where the clients of each place go now, for a map.
 *
 * Decided by the responder's own chain and hash, as policy/decide/chain.h and
 * share.h say, for every class of clients that has a place; classes of one cell
 * (policy/decide/client.h) are one destination.  Pure.
 */
#ifndef STEERING_PAGE_DESTINATIONS_H
#define STEERING_PAGE_DESTINATIONS_H

#include "policy/decide/chain.h"
#include "steering/guard.h"

#include <stddef.h>
#include <stdint.h>

struct json_t;

/* Drawn where a row is a draw: a region's part is off by 6 points (one
 * standard deviation) at most. */
enum { DESTINATION_DRAWS = 64 };

struct destination {
	int16_t cell_lat, cell_lon;
	double weight;      /* address space: /24s of IPv4 and /48s of IPv6 */
	int region;         /* where most of it goes; POLICY_NONE: nowhere */
	double part;        /* so much of it, in (0, 1] */
	char country[3];    /* of the greatest class there; "" unknown */
	enum row_note note; /* why that one gets what it gets */
};

/* By cell; out has room for classes.count.  Returns how many; 0, too, when
 * memory runs out. */
size_t destinations_of(const struct view *view, size_t service,
		       struct demand_classes classes, struct destination *out);

/*
 * {"ok": true, "service": NAME, "cell_deg": 2,
 *  "regions": [{"name", "latitude", "longitude"}, ...], "vantages": the same,
 *  "cells": [[LAT, LON, WEIGHT, REGION, PART, COUNTRY, NOTE], ...]}
 * with the middle of the cell, and the region's index or -1.  A new reference,
 * NULL when memory runs out.
 */
struct json_t *destinations_write(const struct view *view, size_t service,
				  struct demand_classes classes);

#endif
