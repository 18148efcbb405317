/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/entry.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool entry_generic(const char *text, int *count)
{
	const char *at = strstr(text, "\\#");
	unsigned long octets;
	size_t digits = 0;
	char *end;

	*count = -1;
	/* An owner may have it in a label. */
	while (at != NULL && (at == text || !isspace((unsigned char)at[-1])))
		at = strstr(at + 1, "\\#");
	if (at == NULL || strchr(text, '"') != NULL)
		return true;
	octets = strtoul(at + strlen("\\#"), &end, 10);
	for (; *end != '\0'; end++) {
		if (isxdigit((unsigned char)*end))
			digits++;
		else if (!isspace((unsigned char)*end))
			return false;
	}
	if (octets > UINT16_MAX || digits != 2 * octets)
		return false;
	*count = (int)octets;
	return true;
}

static char *word_after(char *text)
{
	while (*text != '\0' && *text != ' ' && *text != '\t')
		text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
	return text + strspn(text, " \t");
}

void entry_put_ttl_first(char *text)
{
	char *class = word_after(text), *ttl = word_after(class);
	size_t class_len = strcspn(class, " \t");
	size_t ttl_len = strcspn(ttl, " \t");
	char copy[sizeof("CLASS65535")];

	if ((strncasecmp(class, "IN", class_len) != 0 &&
	     strncasecmp(class, "CLASS", 5) != 0) ||
	    class_len < 2 || class_len >= sizeof(copy) ||
	    !isdigit((unsigned char)ttl[0]))
		return;
	memcpy(copy, class, class_len);
	memmove(class, ttl, ttl_len);
	memset(class + ttl_len, ' ', (size_t)(ttl - class));
	memcpy(ttl + ttl_len - class_len, copy, class_len);
}
