/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity -- what one responder says of itself, the same to every query:
 * cookie secrets and policy, NSID, the texts of class CHAOS, who may ask why.
 *
 * Immutable once published in the slot; any thread may read it.  Pure:
 * dns/identify reads the files.
 *
 * Source: RFC 5001; RFC 4892; RFC 7873, 5.2.3.
 */
#ifndef DNS_IDENTITY_H
#define DNS_IDENTITY_H

#include "dns/cookie.h"
#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum cookie_policy {
	COOKIES_ON,       /* answered; the good ones are not rate-limited */
	COOKIES_OFF,      /* the option means nothing */
	COOKIES_REQUIRED, /* over UDP only clients with a good one get data */
};

enum {
	IDENTITY_NSID_MAX = 128, /* so that OPT always fits 512 octets */
	IDENTITY_TEXT_MAX = 255, /* one character-string: RFC 1035, 3.3 */
	IDENTITY_ASKERS_MAX = 64,
};

/* One TXT record's only string; len 0: not told. */
struct identity_text {
	uint8_t len;
	uint8_t octets[IDENTITY_TEXT_MAX];
};

struct identity {
	enum cookie_policy cookies;
	struct cookie_secrets secrets; /* one at least unless COOKIES_OFF */
	struct identity_text nsid;     /* at most IDENTITY_NSID_MAX octets */
	struct identity_text name;     /* id.server, hostname.bind */
	struct identity_text version;  /* version.server, version.bind */
	/* Whom dns/rationale tells why; none: nobody. */
	struct net_prefix askers[IDENTITY_ASKERS_MAX];
	size_t asker_count;
};

/* As the command line has it; NULL: not told, and cookies are on. */
struct identity_words {
	const char *nsid, *name, *version;
	const char *cookies;           /* "on", "off" or "required" */
	const char *const *explain_to; /* networks, "ADDR" or "ADDR/BITS" */
	size_t explain_to_count;
};

/* Without secrets.  False with err set, naming the option. */
bool identity_read(const struct identity_words *words, struct identity *out,
		   struct error *err);

/* May who is at peer ask why? */
bool identity_tells_why(const struct identity *identity,
			const struct net_addr *peer);

#endif
