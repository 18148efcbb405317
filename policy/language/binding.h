/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding -- what a service's HTTPS and SVCB records say: RFC 9460.
 *
 * Pure.
 */
#ifndef POLICY_LANGUAGE_BINDING_H
#define POLICY_LANGUAGE_BINDING_H

#include "policy/language/value.h"

/* SCHEMA_TARGET, SCHEMA_ALPN and SCHEMA_ECH. */
value_reader binding_read;

/*
 * Both bindings of a service, read from node; notes where they are written.
 */
void binding_judge(struct draft *d, struct policy_service *service,
		   struct tree *node);

#endif
