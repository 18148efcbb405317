/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order -- classes in an order in which neighbours on the map are neighbours.
 *
 * Decisions treat clients by the sets they are in and by where they are, so
 * classes of one decision row then come in few spans (policy/decide/lpm).  By
 * sets and residency, then along Hilbert's curve through the cells of the map,
 * then by country.
 *
 * Source: D. Hilbert, Ueber die stetige Abbildung einer Linie auf ein
 * Flaechenstueck, Math. Ann. 38 (1891).  Pure.
 */
#ifndef POLICY_DECIDE_ORDER_H
#define POLICY_DECIDE_ORDER_H

#include "policy/decide/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Fills place[i], where class i goes; the first stays the first.  count is at
 * least 1.  False when memory runs out.
 */
bool order_classes(const struct client_class *classes, size_t count,
		   uint16_t *place);

#endif
