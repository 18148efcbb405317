/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_impl -- what the codecs of a node's record share.  Pure.
 */
#ifndef POLICY_BUS_NODE_IMPL_H
#define POLICY_BUS_NODE_IMPL_H

#include "policy/bus/member.h"
#include "policy/bus/node.h"

enum {
	NODE_OCTETS_MAX = 64 << 10,
	NODE_DIGITS = 9, /* of numbers: no record has any yet */
};

/* The record's members but what node_counts adds. */
struct member_writer node_begin(const struct node *node);

#endif
