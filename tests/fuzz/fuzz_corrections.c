/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as geo.networks: corrections that are whole, or located errors. */
#include "policy/base/error.h"
#include "policy/decide/corrections.h"
#include "policy/language/country.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	char *text = malloc(len + 1);
	struct corrections c = { 0 };
	struct errors errs = { 0 };

	if (text == NULL)
		return 0;
	memcpy(text, octets, len);
	text[len] = '\0';
	if (!corrections_parse(text, len, "networks.csv", &c, &errs))
		abort();
	for (size_t i = 0; i < c.count; i++) {
		const struct correction *one = &c.list[i];
		struct net_addr masked =
			net_mask(&one->prefix.addr, one->prefix.bits);

		if (country_find(one->facts.country) == NULL ||
		    one->line == 0 || !net_equal(&masked, &one->prefix.addr))
			abort();
	}
	corrections_fini(&c);
	errors_fini(&errs);
	free(text);
	return 0;
}
