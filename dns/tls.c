/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tls.h"

#include "policy/base/error.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls {
	char *cert_path, *key_path;
	pthread_mutex_t lock; /* of context: loaded here, used there */
	SSL_CTX *context;     /* NULL before the first */
};

struct tls *tls_new(const char *cert_path, const char *key_path)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	pthread_mutex_init(&tls->lock, NULL);
	tls->cert_path = strdup(cert_path);
	tls->key_path = strdup(key_path);
	if (tls->cert_path != NULL && tls->key_path != NULL)
		return tls;
	tls_free(tls);
	return NULL;
}

/* A client that offers protocols but not this one is served as one that offers
 * none: RFC 7858 has no ALPN. */
static int choose_protocol(SSL *ssl, const unsigned char **out,
			   unsigned char *out_len, const unsigned char *in,
			   unsigned in_len, void *arg)
{
	static const unsigned char ours[] = { 3, 'd', 'o', 't' };

	(void)ssl, (void)arg;
	for (unsigned at = 0; at < in_len; at += 1U + in[at])
		if (in_len - at >= sizeof(ours) &&
		    memcmp(in + at, ours, sizeof(ours)) == 0) {
			*out = in + at + 1;
			*out_len = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

static void fail(const char *path, const char *what, struct error *err)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);

	error_set(err, "%s: %s: %s", path, what,
		  why == NULL ? "no reason is given" : why);
	ERR_clear_error();
}

static bool read_files(SSL_CTX *context, const struct tls *tls,
		       struct error *err)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context, tls->cert_path) != 1)
		fail(tls->cert_path, "no certificate chain (PEM)", err);
	else if (SSL_CTX_use_PrivateKey_file(context, tls->key_path,
					     SSL_FILETYPE_PEM) != 1)
		fail(tls->key_path, "no private key (PEM) of the certificate",
		     err);
	else
		return true;
	return false;
}

static SSL_CTX *make_context(const struct tls *tls, struct error *err)
{
	static const unsigned char id[] = "windrose-dns";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL ||
	    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1) != 1) {
		fail(tls->cert_path, "cannot speak TLS", err);
	} else if (read_files(context, tls, err)) {
		SSL_CTX_set_options(context,
				    SSL_OP_NO_RENEGOTIATION |
					    SSL_OP_CIPHER_SERVER_PREFERENCE);
		/* An idle connection keeps no buffers. */
		SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
		return context;
	}
	SSL_CTX_free(context);
	return NULL;
}

bool tls_load(struct tls *tls, struct error *err)
{
	SSL_CTX *next = make_context(tls, err), *before;

	if (next == NULL)
		return false;
	pthread_mutex_lock(&tls->lock);
	before = tls->context;
	tls->context = next;
	pthread_mutex_unlock(&tls->lock);
	SSL_CTX_free(before);
	return true;
}

SSL *tls_session(struct tls *tls)
{
	SSL *ssl;

	pthread_mutex_lock(&tls->lock);
	ssl = SSL_new(tls->context);
	pthread_mutex_unlock(&tls->lock);
	return ssl;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	pthread_mutex_destroy(&tls->lock);
	free(tls->cert_path);
	free(tls->key_path);
	free(tls);
}
