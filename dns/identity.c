/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/identity.h"

#include "policy/base/error.h"

#include <assert.h>
#include <string.h>

static bool policy_read(const char *word, enum cookie_policy *out,
			struct error *err)
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
	error_set(err, "--cookies \"%s\": is on, off or required", word);
	return false;
}

static bool text_read(const char *option, const char *text, size_t max,
		      struct identity_text *out, struct error *err)
{
	size_t len = text == NULL ? 0 : strlen(text);

	assert(max <= IDENTITY_TEXT_MAX);
	if (text != NULL && (len == 0 || len > max)) {
		error_set(err, "--%s: give 1 to %zu octets", option, max);
		return false;
	}
	out->len = (uint8_t)len;
	if (len > 0)
		memcpy(out->octets, text, len);
	return true;
}

static bool askers_read(const struct identity_words *words,
			struct identity *out, struct error *err)
{
	if (words->explain_to_count > IDENTITY_ASKERS_MAX) {
		error_set(err, "--explain-to: give %d networks at most",
			  IDENTITY_ASKERS_MAX);
		return false;
	}
	for (size_t i = 0; i < words->explain_to_count; i++) {
		if (net_prefix_parse(words->explain_to[i], &out->askers[i],
				     NULL))
			continue;
		error_set(err,
			  "--explain-to \"%s\": is an address, or a network as "
			  "192.0.2.0/24 with no bits beyond its length",
			  words->explain_to[i]);
		return false;
	}
	out->asker_count = words->explain_to_count;
	return true;
}

bool identity_tells_why(const struct identity *identity,
			const struct net_addr *peer)
{
	for (size_t i = 0; i < identity->asker_count; i++)
		if (net_within(&identity->askers[i], peer))
			return true;
	return false;
}

bool identity_read(const struct identity_words *words, struct identity *out,
		   struct error *err)
{
	struct identity id = { 0 };

	if (!text_read("nsid", words->nsid, IDENTITY_NSID_MAX, &id.nsid, err) ||
	    !text_read("identity", words->name, IDENTITY_TEXT_MAX, &id.name,
		       err) ||
	    !text_read("version-text", words->version, IDENTITY_TEXT_MAX,
		       &id.version, err) ||
	    !policy_read(words->cookies, &id.cookies, err) ||
	    !askers_read(words, &id, err))
		return false;
	*out = id;
	return true;
}
