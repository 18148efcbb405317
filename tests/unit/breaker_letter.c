/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/breaker_letter.h"

#include <string.h>

struct breaker breaker_letter(struct breaker b,
			      const struct policy_breaker *lim, char letter,
			      int64_t now_ms)
{
	static const char letters[] = "psftOCR";
	const char *at = strchr(letters, letter);
	const struct breaker_input in = {
		.event = (enum breaker_event)(at - letters),
		.now_ms = now_ms,
	};

	return breaker_step(b, lim, &in);
}
