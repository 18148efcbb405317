/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scalar -- the texts of the policy language that have a type.
 *
 * Every function returns false and leaves *out alone when text is not exactly
 * one value of the type; whoever asked knows what to tell the operator.
 * Ranges are the schema's business.  Pure.
 */
#ifndef POLICY_LANGUAGE_SCALAR_H
#define POLICY_LANGUAGE_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCALAR_DOMAIN_SIZE = 256,  /* a domain name in text, dot and NUL */
	SCALAR_DURATION_SIZE = 32, /* a duration in text */
};

/* "250ms", "30s", "5m", "2h", "1d": a whole number and one unit. */
bool scalar_duration(const char *text, int64_t *out_ms);

/* The shortest of these for ms, into buf of SCALAR_DURATION_SIZE octets. */
const char *scalar_duration_text(int64_t ms, char *buf);

/* "5%": a whole number and the sign. */
bool scalar_percent(const char *text, uint32_t *out);

/* Decimal digits alone. */
bool scalar_whole(const char *text, uint32_t *out);

/* "-77.45", "12000": decimal, finite, no exponent, no hexadecimal. */
bool scalar_number(const char *text, double *out);

/* "AS64500", up to AS4294967295 */
bool scalar_asn(const char *text, uint32_t *out);

/* "/24" */
bool scalar_bits(const char *text, uint32_t *out);

/* "200-299", or "204" for itself alone. */
bool scalar_range(const char *text, uint32_t *first, uint32_t *last);

/*
 * A label that is a host's or a thing's name: a-z, 0-9 and "-" inside, 1..63
 * octets.  Lower case only, so that one thing has one spelling.
 */
bool scalar_name(const char *text);

/*
 * A domain name, absolute whether or not it ends in a dot, into out of
 * SCALAR_DOMAIN_SIZE octets: lower case, with the final dot.  Labels as
 * scalar_name, with "_" allowed (RFC 8552).
 */
bool scalar_domain(const char *text, char *out);

/*
 * A mailbox as SOA RNAME: "hostmaster@example.com" or already a domain name.
 * Dots left of the @ are escaped (RFC 1035, 8).
 */
bool scalar_mailbox(const char *text, char *out);

#endif
