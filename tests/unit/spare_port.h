/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spare_port -- a port of loopback for a server that comes and goes.
 *
 * Who asks the kernel for any port may see it given to somebody's connection
 * while the server is down.  These are below those that the kernel gives away,
 * and claimed by a name until this process ends, so that tests which run side
 * by side have different ones.
 */
#ifndef TESTS_UNIT_SPARE_PORT_H
#define TESTS_UNIT_SPARE_PORT_H

/* Fails the test when there is none. */
int spare_port(void);

#endif
