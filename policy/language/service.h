/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service -- services with their endpoints, and the canaries that shadow them.
 *
 * A canary's endpoints are appended to those of its service, under the name
 * CANARY/ENDPOINT, in the order of the canaries.  Pure.
 */
#ifndef POLICY_LANGUAGE_SERVICE_H
#define POLICY_LANGUAGE_SERVICE_H

#include "policy/language/draft.h"

/* After regions and checks. */
void service_read_all(struct draft *d);

/* After services. */
void service_read_canaries(struct draft *d);

#endif
