/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon -- the canonical form of an RRset's RDATA, which is what is signed.
 *
 * Names inside RDATA of the old types are in lower case, records are in the
 * order of their octets, and none is there twice.  Pure.
 * Source: RFC 4034, 6.2 and 6.3; RFC 6840, 5.1; RFC 3597, 7.
 */
#ifndef DNS_SIGN_CANON_H
#define DNS_SIGN_CANON_H

#include <stddef.h>
#include <stdint.h>

struct sign_rdata;

/* Puts the names inside rdata of this type in lower case, in place. */
void canon_rdata(uint16_t type, uint8_t *rdata, size_t len);

/* Sorts, and leaves duplicates out; returns how many are left. */
size_t canon_sort(struct sign_rdata *list, size_t count);

#endif
