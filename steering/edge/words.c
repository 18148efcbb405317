/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/words.h"

#include "policy/base/error.h"

#include <stddef.h>
#include <string.h>

bool words_parse(const char *text, const char *option, struct words *out,
		 struct error *err)
{
	char *rest = out->text, *word;
	size_t count = 0;

	if (*text != '/' || strlen(text) >= sizeof(out->text)) {
		error_set(err,
			  "--%s is \"%.80s\"; it must be the absolute path of "
			  "a program, and its words",
			  option, text);
		return false;
	}
	strcpy(out->text, text);
	while (count <= WORDS_MAX && (word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			out->argv[count++] = word;
	if (count > WORDS_MAX) {
		error_set(err, "--%s has more than %d words", option,
			  WORDS_MAX);
		return false;
	}
	out->argv[count] = NULL;
	return true;
}
