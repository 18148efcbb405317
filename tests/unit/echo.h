/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo -- stands in for dns/answer and dns/table in tests of the transports.
 *
 * Answers with the query, QR set, and the family of the client in the last
 * octet; with ECHO_BIG octets over TCP when the last octet is 'B'; stays
 * with TC when it turns away; silent on fewer than 12 octets and on responses,
 * as the real one does.
 */
#ifndef TESTS_UNIT_ECHO_H
#define TESTS_UNIT_ECHO_H

enum { ECHO_BIG = 60000, ECHO_TC = 0x02 };

struct table;

struct table *echo_table(void);

#endif
