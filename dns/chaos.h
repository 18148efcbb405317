/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos -- what the responder says of itself in class CHAOS: TXT of id.server
 * and hostname.bind, of version.server and version.bind.
 *
 * Each is told only where the operator gave a text for it, and why an answer is
 * what it is (dns/rationale) only to whom he lists; all else in this class is
 * REFUSED.  Pure.  Source: RFC 4892.
 */
#ifndef DNS_CHAOS_H
#define DNS_CHAOS_H

struct answer;

/* A query of class CHAOS for a type that can be asked for. */
void answer_chaos(struct answer *a);

#endif
