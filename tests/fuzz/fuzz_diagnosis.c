/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Redis server says: the first octet tells of what, INFO, a setting,
 * the value of one of the keys, or the name of a user.
 */
#include "steering/runbook/diagnosis.h"
#include "steering/runbook/rights.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void try_user(const char *user)
{
	struct right right;

	for (size_t n = 0; right_of(user, "env", n, &right); n++)
		for (int i = 0; i < right.argc; i++)
			if (strlen(right.argv[i]) >= RIGHT_ARG_SIZE)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static const char *const names[] = { "plan",  "plan-head", "epoch",
					     "lease", "vantage:x", "node:x",
					     "nodes" };
	static struct diagnosis d;
	char *text;

	if (len == 0)
		return 0;
	text = malloc(len);
	if (text == NULL)
		abort();
	memcpy(text, octets + 1, len - 1);
	text[len - 1] = '\0';
	d = (struct diagnosis){ 0 };
	if (*octets == 'i')
		diagnosis_take_info(&d, text);
	else if (*octets == 'c')
		diagnosis_take_config(&d, "client-output-buffer-limit", text);
	else if (*octets == 'u')
		try_user(text);
	else
		diagnosis_take_value(&d, &(struct diagnosis_trust){ 0 },
				     &(struct diagnosis_key){
					     names[*octets % 7], text,
					     len - 1 });
	for (size_t i = 0; i < d.count; i++)
		if (memchr(d.findings[i].text, '\0', DIAGNOSIS_TEXT_SIZE) ==
		    NULL)
			abort();
	free(text);
	return 0;
}
