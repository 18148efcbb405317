/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/identity.h"

#include <assert.h>
#include <string.h>

bool cookie_policy_parse(const char *word, enum cookie_policy *out)
{
	static const char *const words[] = {
		[COOKIES_ON] = "on",
		[COOKIES_OFF] = "off",
		[COOKIES_REQUIRED] = "required",
	};

	if (word == NULL) {
		*out = COOKIES_ON;
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum cookie_policy)i;
			return true;
		}
	return false;
}

bool identity_text_set(struct identity_text *to, const char *text, size_t max)
{
	size_t len = text == NULL ? 0 : strlen(text);

	assert(max <= IDENTITY_TEXT_MAX);
	if (text != NULL && (len == 0 || len > max))
		return false;
	to->len = (uint8_t)len;
	if (len > 0)
		memcpy(to->octets, text, len);
	return true;
}
