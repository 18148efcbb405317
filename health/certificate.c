/* SPDX-License-Identifier: Apache-2.0 */
#include "health/certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

enum { DAY_S = 86400 };

static int64_t left_s(const X509 *certificate)
{
	int days = 0, rest_s = 0;
	int64_t left;

	/* From now. */
	if (ASN1_TIME_diff(&days, &rest_s, NULL,
			   X509_get0_notAfter(certificate)) != 1)
		return 0;
	left = (int64_t)days * DAY_S + rest_s;
	/* 0 says that nothing is known. */
	return left == 0 ? -1 : left;
}

static int64_t chain_left_s(const STACK_OF(X509) * chain)
{
	int64_t least = 0;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t left = left_s(sk_X509_value(chain, i));

		if (left != 0 && (least == 0 || left < least))
			least = left;
	}
	return least;
}

int64_t certificate_left_s(const struct ssl_st *session, bool verified)
{
	const X509 *own = SSL_get0_peer_certificate(session);

	if (verified)
		return chain_left_s(SSL_get0_verified_chain(session));
	return own == NULL ? 0 : left_s(own);
}
