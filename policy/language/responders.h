/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responders -- whom probers ask, as written: a node's name, and its address
 * with a port where that is not 53 (192.0.2.53, "192.0.2.53:5300",
 * "[2001:db8::53]:5300").  Pure.
 */
#ifndef POLICY_LANGUAGE_RESPONDERS_H
#define POLICY_LANGUAGE_RESPONDERS_H

#include "policy/language/value.h"

/* As value_read(), for SCHEMA_RESPONDERS. */
value_reader responders_read;

#endif
