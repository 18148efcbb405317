/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/breaker_letter.h"

#include <string.h>

struct breaker breaker_letter(struct breaker b,
			      const struct policy_breaker *lim, char letter,
			      int64_t now_ms)
{
	static const char letters[] = "psftudOCR";
	bool blind = letter == 'b' || letter == 'q';
	const char *at = strchr(letters, letter == 'b'   ? 't'
					 : letter == 'q' ? 'p'
							 : letter);
	const struct breaker_input in = {
		.event = (enum breaker_event)(at - letters),
		.users = { .watched = !blind, .weight = 2 },
		.now_ms = now_ms,
	};

	return breaker_step(b, lim, &in);
}
