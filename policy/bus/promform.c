/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/promform.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3986, 2.3: what stays as it is. */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

char *promform_write(const char *query, int64_t wall_ms, int64_t timeout_ms)
{
	size_t room = strlen(query) * 3 + 100;
	char *form = malloc(room);
	size_t at;

	if (form == NULL)
		return NULL;
	at = (size_t)snprintf(form, room, "query=");
	for (; *query != '\0'; query++)
		if (is_unreserved(*query))
			form[at++] = *query;
		else
			at += (size_t)snprintf(form + at, room - at, "%%%02X",
					       (unsigned char)*query);
	snprintf(form + at, room - at,
		 "&time=%" PRId64 ".%03d&timeout=%" PRId64 "ms", wall_ms / 1000,
		 (int)(wall_ms % 1000), timeout_ms);
	return form;
}
