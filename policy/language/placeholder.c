/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/placeholder.h"

#include <assert.h>
#include <string.h>

static const char *const words[] = {
	[PLACEHOLDER_ARM] = "arm",
	[PLACEHOLDER_CANARY] = "canary",
	[PLACEHOLDER_SERVICE] = "service",
	[PLACEHOLDER_REGIONS] = "regions",
	[PLACEHOLDER_ENDPOINTS] = "endpoints",
};

static_assert(sizeof(words) / sizeof(words[0]) == PLACEHOLDERS,
	      "a word for every placeholder");

static enum placeholder find_word(const char *word, size_t len)
{
	for (unsigned i = 0; i < PLACEHOLDERS; i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return (enum placeholder)i;
	return PLACEHOLDER_UNKNOWN;
}

const char *placeholder_find(const char *text, enum placeholder *which,
			     size_t *len)
{
	for (; (text = strchr(text, '$')) != NULL; text++) {
		size_t word = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (word == 0)
			continue;
		*which = find_word(text + 1, word);
		*len = word + 1;
		return text;
	}
	return NULL;
}

bool placeholder_in(const char *text, enum placeholder which)
{
	enum placeholder found;
	size_t len;

	while ((text = placeholder_find(text, &found, &len)) != NULL) {
		if (found == which)
			return true;
		text += len;
	}
	return false;
}
