/* SPDX-License-Identifier: Apache-2.0 */
/* keygen_ds() -- `windrose ds`: DS, CDS and CDNSKEY in master file form. */
#include "policy/keys/keygen.h"

#include "policy/base/clock.h"
#include "policy/base/option.h"
#include "policy/keys/keyring.h"
#include "policy/language/master.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

enum { OPERANDS_MAX = 256, NAME_SIZE = 256 };

struct request {
	char zone[SCALAR_DOMAIN_SIZE];
	const char *keys;
	bool help;
};

static void print_ds(const struct dnskey *key, const char *zone,
		     const char *type)
{
	uint8_t owner[NAME_SIZE], ds[DNSKEY_DS_OCTETS];
	size_t len = master_name(zone, owner);

	dnskey_ds(key, owner, len, ds);
	printf("%s IN %s %u %u %u ", zone, type, key->tag, key->algorithm,
	       ds[3]);
	for (size_t i = 4; i < sizeof(ds); i++)
		printf("%02X", ds[i]);
	printf("\n");
}

static void print_cdnskey(const struct dnskey *key, const char *zone)
{
	unsigned char text[4 * ((SECRET_PUBLIC_MAX + 2) / 3) + 1];

	EVP_EncodeBlock(text, key->rdata + 4, key->rdata_len - 4);
	printf("%s IN CDNSKEY %u 3 %u %s\n", zone, key->flags, key->algorithm,
	       text);
}

/* Those that the parent may need: all that are not gone yet. */
static void print_keys(const struct keyring *ring, int64_t now_s)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];
		const char *state = dnskey_state(key, now_s);

		if (key->flags != DNSKEY_KSK || strcmp(state, "deleted") == 0)
			continue;
		printf("; %s %u, %s, %s\n", keyring_role(ring, i), key->tag,
		       secret_algorithm(key->algorithm)->name, state);
		print_ds(key, ring->zone, "DS");
		if (!dnskey_is_synced(key, now_s))
			continue;
		print_ds(key, ring->zone, "CDS");
		print_cdnskey(key, ring->zone);
	}
}

static int print_usage(const struct option_row *rows, FILE *out)
{
	fprintf(out, "usage: windrose ds ZONE --keys DIR\n");
	option_print(rows, 2, out);
	return out == stdout ? 0 : 2;
}

int keygen_ds(int argc, char **argv)
{
	struct request r = { 0 };
	const struct option_row rows[] = {
		{ "keys", OPTION_TEXT, &r.keys, "DIR",
		  "directory of the zone's key files", 0, 0 },
		{ "help", OPTION_FLAG, &r.help, NULL, "print this", 0, 0 },
	};
	const char *operands[OPERANDS_MAX];
	struct errors errs = { 0 };
	struct keyring *ring;
	struct error err;
	int count = -1;

	error_set(&err, "give one zone and --keys DIR");
	if (argc <= OPERANDS_MAX)
		count = option_parse(rows, 2, argc, argv, operands, &err);
	if (count >= 0 && r.help)
		return print_usage(rows, stdout);
	if (count != 1 || r.keys == NULL ||
	    !scalar_domain(operands[0], r.zone)) {
		fprintf(stderr, "windrose ds: %s\n", err.text);
		return print_usage(rows, stderr);
	}
	ring = keyring_open(r.keys, r.zone, &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (ring == NULL)
		return 1;
	print_keys(ring, clock_wall_ms() / 1000);
	keyring_free(ring);
	return 0;
}
