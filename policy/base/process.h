/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process -- what this process takes of the machine: memory, descriptors, CPU
 * time.  Shell: reads /proc.  Source: proc(5).
 */
#ifndef POLICY_BASE_PROCESS_H
#define POLICY_BASE_PROCESS_H

#include <stdint.h>

struct process_usage {
	double cpu_s; /* of all threads, user and system */
	uint64_t resident_octets;
	uint64_t open_fds, max_fds;
};

/* What cannot be read is 0. */
struct process_usage process_usage(void);

/* As many descriptors as the limit can be raised to; how many those are. */
uint64_t process_raise_descriptors(void);

#endif
