/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome -- what one probe saw: passed, or a named failure, and how long each
 * part took.
 *
 * OUTCOME_LOCAL is the odd one: the probe could not be made from here (no
 * descriptor left, no route, an address family this machine has not).  That is
 * a fact about the vantage and never counts for or against the endpoint.
 * Pure.
 */
#ifndef HEALTH_OUTCOME_H
#define HEALTH_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome {
	OUTCOME_UNKNOWN, /* no probe has ended */
	OUTCOME_OK,
	OUTCOME_SLOW,        /* passed, but took longer than the check's slow */
	OUTCOME_REFUSED,     /* the connection was refused */
	OUTCOME_UNREACHABLE, /* a router or the last hop says so */
	OUTCOME_TIMEOUT,     /* the check's timeout passed first */
	OUTCOME_TLS,         /* no handshake */
	OUTCOME_CERTIFICATE, /* untrusted, expired, or for another name */
	OUTCOME_EXPIRING,    /* less of its life is left than is wanted */
	OUTCOME_CLOSED,      /* closed or reset before the answer's end */
	OUTCOME_PROTOCOL,    /* what came was not HTTP, or DNS */
	OUTCOME_STATUS,      /* a status outside the check's range */
	OUTCOME_BODY,        /* the expected text is not in the answer */
	OUTCOME_RCODE,       /* dns: another RCODE than the expected one */
	OUTCOME_RDATA,       /* dns: the expected record is not there */
	OUTCOME_EXIT,        /* external: another exit status than 0 */
	OUTCOME_NAME,        /* the endpoint is a name that is not resolved */
	OUTCOME_LOCAL,       /* could not probe from here */
};

enum {
	OUTCOME_COUNT = OUTCOME_LOCAL + 1,
	OUTCOME_TEXT_SIZE = 32,
	OUTCOME_STALL_MS = 50, /* and a twentieth of the timeout */
};

/* Times in milliseconds from the probe's start; 0: that point was not
 * reached, or does not exist in this kind of probe. */
struct observation {
	enum outcome outcome;
	uint16_t status; /* of HTTP, the RCODE, of a program; none: 0 */

	float connect_ms, tls_ms, first_byte_ms, total_ms;
	float resolve_ms;           /* of a name, before all of these began */
	float waited_ms;            /* for its turn to begin; external */
	int64_t certificate_left_s; /* https: below 0: ended; 0: not known */
	/*
	 * One round trip and the endpoint's own work: tcp, the connect; http,
	 * and tcp that asks, from the request's sending to the first octet of
	 * the answer, which is what a client with an open connection waits.
	 * So checks of different kinds compare.  dns: from the query to the
	 * first datagram; external: none, for a program's time is its own.
	 */
	float latency_ms;
};

/* "ok", "timeout", "status": without its number. */
const char *outcome_word(enum outcome outcome);

/* Passed, slowly or not. */
bool outcome_passed(enum outcome outcome);

/* Says something against the endpoint: neither passed, unknown nor local. */
bool outcome_failed(enum outcome outcome);

/*
 * A timeout of timeout_ms that was noticed after took_ms, too late even if what
 * it waited for its turn is left out: this process stood still while the
 * deadline passed, and whether the answer came in time nobody can tell.
 */
bool outcome_stalled(const struct observation *seen, int64_t took_ms,
		     int64_t timeout_ms);

/*
 * "ok", "timeout", "status-503", "exit-2": into buf of
 * OUTCOME_TEXT_SIZE, which is returned.
 */
const char *outcome_text(const struct observation *seen, char *buf);

/*
 * What errno of a failed connect(2) or socket(2) means.  Ours to judge: what
 * the kernel refuses by itself is local, what came from the net is not.
 */
enum outcome outcome_of_errno(int error);

#endif
