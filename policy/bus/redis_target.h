/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_target -- whom a link goes to, and what it must find there.  Pure.
 */
#ifndef POLICY_BUS_REDIS_TARGET_H
#define POLICY_BUS_REDIS_TARGET_H

#include "policy/bus/redis_url.h"

struct redis_tls;

/* What a server must be, as its ROLE tells, before a link to it is up. */
enum redis_part {
	REDIS_ANY,     /* it answers; what it holds does not matter */
	REDIS_SERVER,  /* it has our keys; ROLE is not asked */
	REDIS_MASTER,  /* and it is a master */
	REDIS_REPLICA, /* and it is a replica that hears its master */
};

/* Owned by who makes the link; changed only while the link is down. */
struct redis_target {
	struct redis_place place;
	const char *path;                /* unix socket; "" for a place */
	const struct redis_login *login; /* borrowed */
	struct redis_tls *tls;           /* borrowed; NULL: none */
	enum redis_part part;
	const char *key; /* one of ours, to find who holds them; borrowed */
};

#endif
