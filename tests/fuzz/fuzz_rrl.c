/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a rate limit: it is taken or refused with words; what is taken
 * judges answers, and keeps within its own limits.
 */
#include "dns/rrl.h"
#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* Forty answers in one second: no more than the rate as they are. */
static void check_judges(struct rrl_config *config)
{
	const struct net_addr client = net_from_v4(0x0a010101);
	const struct answer_outcome outcome = { .kind = ANSWER_NXDOMAIN };
	unsigned rate = config->per_second[ANSWER_NXDOMAIN], sent = 0;
	struct rrl *rrl;

	config->table_size = 8;
	rrl = rrl_new(config, (struct siphash_key){ 1, 2 });
	require(rrl != NULL);
	for (unsigned i = 0; i < 40; i++)
		sent += rrl_judge(rrl, &client, &outcome, 9) == RRL_SEND;
	require(config->exempt_count > 0 || rate == 0 || sent <= rate);
	rrl_free(rrl);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	char *text = malloc(len + 1);
	const char *const texts[] = { text };
	struct rrl_config config;
	struct error err = { 0 };

	require(text != NULL);
	if (len > 0)
		memcpy(text, octets, len);
	text[len] = '\0';
	if (rrl_config_parse(texts, 1, &config, &err))
		check_judges(&config);
	else
		require(err.text[0] != '\0');
	free(text);
	return 0;
}
