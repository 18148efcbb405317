/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits -- how much of everything a policy may have: the manual lists them,
 * and more is an error that says so.
 */
#ifndef POLICY_LANGUAGE_LIMITS_H
#define POLICY_LANGUAGE_LIMITS_H

enum {
	POLICY_REGIONS_MAX = 64,       /* a uint64_t is a set of regions */
	POLICY_JURISDICTIONS_MAX = 64, /* and of jurisdictions */
	POLICY_SETS_MAX = 64,          /* and of client sets */
	POLICY_VANTAGES_MAX = 64,
	POLICY_ANCHORS_MAX = 8,    /* per vantage */
	POLICY_ENDPOINTS_MAX = 64, /* per service, canary ones included */
	POLICY_ANSWERS_MAX = 16,
	POLICY_ADDRESSES_MAX = 16, /* per endpoint and family */
	/* Of HTTPS and SVCB records: as many answers as there can be are then
	 * still an RRset that fits a message. */
	POLICY_ALPN_OCTETS_MAX = 512, /* protocols, one more for each */
	POLICY_ECH_OCTETS_MAX = 2560,
	POLICY_SERVICES_MAX = 4096,
	POLICY_ZONES_MAX = 256,   /* beside the first */
	POLICY_DATABASES_MAX = 8, /* geo.databases */
	/* Of an RRset as it is in a message, twelve beside each RDATA: so that
	 * it fits one behind the longest question and a chain of CNAMEs... */
	POLICY_RRSET_OCTETS_MAX = 60000,
	/* ...and NS at a zone cut so that glue can point into it (14 bits). */
	POLICY_CUT_OCTETS_MAX = 8192,
	/* Sets of endpoints that answers of a signed service are made of. */
	POLICY_SETS_SIGNED_MAX = 4096,
	POLICY_NAME_MAX = 63, /* octets of any name, as a DNS label */
};

#endif
