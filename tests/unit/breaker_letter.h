/* SPDX-License-Identifier: Apache-2.0 */
/* breaker_letter -- what happens to a breaker, a letter each: p pass, s slow
 * pass, f fail, t tick; u users pass, d users fail, each two outcomes; b tick,
 * q pass while no edge tells of users; O C R: forced open, closed, released. */
#ifndef TESTS_UNIT_BREAKER_LETTER_H
#define TESTS_UNIT_BREAKER_LETTER_H

#include "health/breaker.h"

struct breaker breaker_letter(struct breaker b,
			      const struct policy_breaker *lim, char letter,
			      int64_t now_ms);

#endif
