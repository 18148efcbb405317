/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patient -- one Redis server, or sentinel, that the doctor asks: greeted, and
 * asked one thing after the other; what it refuses, and that it is gone, is
 * told to the diagnosis.  Shell.
 */
#ifndef STEERING_RUNBOOK_PATIENT_H
#define STEERING_RUNBOOK_PATIENT_H

#include "policy/bus/redis_target.h"

#include <stdbool.h>

struct diagnosis;
struct redisReply;
struct redis_dialog;

struct patient {
	struct redis_target target;
	struct redis_dialog *dialog; /* NULL: it is gone */
	struct diagnosis *found;     /* borrowed */
};

/* "HOST:PORT", or the path of a unix socket, into buf, which is returned. */
const char *patient_name(const struct redis_target *target, char *buf,
			 size_t size);

/*
 * Connects, with AUTH where there is a password, and PING; p must be filled in
 * but for dialog.  Judges certificates.  False when it may not be asked, which
 * is told; close it all the same.
 */
bool patient_meet(struct patient *p);

/* The reply, an error too, the caller's; NULL: it is gone, which is told. */
struct redisReply *patient_try(struct patient *p, int argc, const char **argv);

/* Words up to NULL.  NULL when they were refused, which is told. */
struct redisReply *patient_ask(struct patient *p, const char **words);

#define PATIENT_WORDS(...) ((const char *[]){ __VA_ARGS__, NULL })

/* An error reply to something asked, told as what it means. */
void patient_refused(struct patient *p, const char *asked, const char *text);

/* Does nothing to one that was never met. */
void patient_close(struct patient *p);

#endif
