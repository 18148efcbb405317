/* SPDX-License-Identifier: Apache-2.0 */
/*
 * estate -- what every process of the fleet has: its clocks, and octets on a
 * disk or on their way.
 */
#ifndef TESTS_SIM_ESTATE_H
#define TESTS_SIM_ESTATE_H

#include <stddef.h>
#include <stdint.h>

/* One pair of clocks, off from the fleet's time each in its own way. */
struct clocks {
	int64_t mono_offset_ms, wall_offset_ms;
	int64_t step_ms; /* of a wall clock that is wrong for a while */
};

/* Octets on their way or on a disk. */
struct blob {
	char *octets; /* owned; NULL: none */
	size_t len;
};

#endif
