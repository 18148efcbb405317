/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask -- queries from words, and answers to words, for tables of tests.
 *
 * A query is "QNAME TYPE" and any of:
 *
 *   rd ad cd aa ra tc qr hz  header bits (hz: the reserved one)
 *   opcode=N  class=N  id=N
 *   edns[=SIZE]     an OPT, 1232 unless told; version=N; do; z (all Z bits)
 *   ecs=PREFIX      a client subnet; ecs=0/0 and ecs=none: SOURCE 0, FAMILY 0
 *   opt=CODE:HEX    one more option
 *   opt2            a second OPT
 *   qd=N an=N ns=N ar=N   counts that lie
 *   empty           no question
 *   rr              one more record in the additional section (an A)
 *   rr-an, opt-an   one record, or an OPT, in the answer section
 *   hex=HEX         octets after the message
 *   cut=N           N octets off the end
 *
 * QNAME may be hex:... , the octets of a name.  Understood by answer_query()'s
 * tests alone, so a word that is not known aborts.
 *
 * An answer is "RCODE flags | answer | authority | additional | opt": records
 * as ldns prints them, options by name, an independent reading of every pointer
 * and count.
 */
#ifndef TESTS_UNIT_ASK_H
#define TESTS_UNIT_ASK_H

#include <stddef.h>
#include <stdint.h>

enum { ASK_OCTETS_MAX = 70000, ASK_TEXT_SIZE = 16384 };

/* The query's octets into out of ASK_OCTETS_MAX; returns how many. */
size_t ask_write(const char *words, uint8_t *out);

/* The answer in words into buf of ASK_TEXT_SIZE; "silence" when len is 0. */
const char *ask_read(const uint8_t *octets, size_t len, char *buf);

#endif
