/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/asked.h"

#include "dns/identity.h"
#include "policy/base/error.h"
#include "tests/unit/both_ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool ok)
{
	if (ok)
		return;
	fprintf(stderr, "asked: a word that is not known\n");
	abort();
}

/* As RFC 9018, A.2 has it: the second secret is the one before roll-over. */
static struct identity told(const char *cookies)
{
	const struct identity_words words = {
		.nsid = "ns1.test",
		.name = "ams-1",
		.version = "W 1",
		.cookies = cookies,
	};
	struct identity id;
	struct error err;

	require(identity_read(&words, &id, &err));
	require(cookie_secrets_parse("e5e973e5a6b2a43f48e7dc849e37bfcf\n"
				     "dd3bdf9344b678b185a6f5cb60fca715\n",
				     "secrets", &id.secrets, &err));
	return id;
}

/* The word behind the slash: which identity the responder has. */
void asked_identity(struct answer_input *input, const char *word)
{
	static struct identity identity;

	if (word == NULL)
		return;
	identity = told(word);
	input->identity = &identity;
	input->now_s = 1559734385;
}

/* Who asks: "-", tcp, tls or an address; behind a slash, of whom. */
static void set_asker(struct answer_input *input, const char *from)
{
	char *copy = strdup(from), *word = strchr(copy, '/');

	if (word != NULL)
		*word++ = '\0';
	asked_identity(input, word);
	input->encrypted = strcmp(copy, "tls") == 0;
	input->stream = input->encrypted || strcmp(copy, "tcp") == 0;
	if (!input->stream && strcmp(copy, "-") != 0)
		require(net_addr_parse(copy, &input->peer));
	free(copy);
}

const char *asked_put(const struct table *table, struct asked *a,
		      const char *from, const char *words)
{
	struct answer_input input = {
		.query = a->query,
		.len = ask_write(words, a->query),
		.peer = net_from_v4(UINT32_C(0x0a010101)),
		.keepalive_ms = 10000,
	};

	set_asker(&input, from);
	memset(a->answer, 0xa5, sizeof(a->answer));
	a->len = both_ways(table, &input, a->answer, ANSWER_TCP_MAX,
			   &a->outcome);
	return ask_read(a->answer, a->len, a->text);
}
