/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_tls.h"

#include "policy/base/error.h"
#include "policy/bus/redis_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls {
	const struct redis_url *url;
	SSL_CTX *context;
};

/* clang-format off */
/* What the check of the server's certificate found. */
static const struct {
	int code; /* X509_V_ERR_... */
	const char *words;
} verdicts[] = {
	{ X509_V_ERR_HOSTNAME_MISMATCH,        "the server's certificate is for another name: use a name or address that it holds" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH,      "the server's certificate is for another name: use a name or address that it holds" },
	{ X509_V_ERR_CERT_HAS_EXPIRED,         "the server's certificate has expired: renew it" },
	{ X509_V_ERR_CERT_NOT_YET_VALID,       "the server's certificate is not valid yet: look at the clocks" },
	{ X509_V_ERR_CERT_REVOKED,             "the server's certificate has been revoked: renew it" },
	{ X509_V_ERR_INVALID_PURPOSE,          "the server's certificate is not one for servers: it needs the use serverAuth" },
};

static const char untrusted[] =
	"the server's certificate is signed by nobody who is trusted: name its CA with ca=FILE in the url";

/* What the library tells of the connection. */
static const struct {
	int code; /* SSL_R_... */
	const char *words;
} reasons[] = {
	{ SSL_R_WRONG_VERSION_NUMBER,                "the server speaks no TLS here: write redis:// or use its TLS port" },
	{ SSL_R_PACKET_LENGTH_TOO_LONG,              "the server speaks no TLS here: write redis:// or use its TLS port" },
	{ SSL_R_UNSUPPORTED_PROTOCOL,                "the server's TLS is too old: 1.2 is the least" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,        "the server's TLS is too old: 1.2 is the least" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,   "the server wants a client certificate: name one with cert=FILE and key=FILE in the url" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,       "the server refuses: it wants a client certificate (cert=, key=) or other ciphers" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA,              "the server trusts nobody who signed our certificate: see cert= in the url" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,         "the server refuses our certificate: see cert= in the url" },
	{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "the server refuses our certificate: it needs the use clientAuth" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,     "our certificate has expired: renew cert= of the url" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,     "our certificate has been revoked: renew cert= of the url" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING,        "the server closed the connection" },
};
/* clang-format on */

static const char broken[] = "TLS with the server failed";

static bool fail(const char *file, const char *what, struct error *err)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);

	error_set(err, "redis url: %s: %s (%s)", file, what,
		  why == NULL ? "no reason is given" : why);
	ERR_clear_error();
	return false;
}

/* Else OpenSSL would ask at the terminal, and everything would wait. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static bool read_files(SSL_CTX *context, const struct redis_url *url,
		       struct error *err)
{
	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	if (url->ca[0] == '\0' &&
	    SSL_CTX_set_default_verify_paths(context) != 1)
		return fail("ca=", "the system has no certificates to trust",
			    err);
	if (url->ca[0] != '\0' &&
	    SSL_CTX_load_verify_file(context, url->ca) != 1)
		return fail(url->ca, "no certificates (PEM) to trust", err);
	if (url->cert[0] == '\0')
		return true;
	if (SSL_CTX_use_certificate_chain_file(context, url->cert) != 1)
		return fail(url->cert, "no certificate (PEM)", err);
	if (SSL_CTX_use_PrivateKey_file(context, url->key, SSL_FILETYPE_PEM) !=
	    1)
		return fail(url->key,
			    "no private key (PEM) of the certificate, without "
			    "a passphrase",
			    err);
	return true;
}

bool redis_tls_reload(struct redis_tls *tls, struct error *err)
{
	SSL_CTX *next = SSL_CTX_new(TLS_client_method());

	if (next == NULL ||
	    SSL_CTX_set_min_proto_version(next, TLS1_2_VERSION) != 1) {
		fail("TLS", "out of memory", err);
	} else if (read_files(next, tls->url, err)) {
		SSL_CTX_set_verify(next, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_mode(next, SSL_MODE_RELEASE_BUFFERS);
		SSL_CTX_free(tls->context);
		tls->context = next;
		return true;
	}
	SSL_CTX_free(next);
	return false;
}

struct redis_tls *redis_tls_open(const struct redis_url *url, struct error *err)
{
	struct redis_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		error_set(err, "redis: out of memory");
		return NULL;
	}
	tls->url = url;
	if (redis_tls_reload(tls, err))
		return tls;
	redis_tls_free(tls);
	return NULL;
}

static bool is_address(const char *host)
{
	struct in6_addr octets;

	return inet_pton(AF_INET, host, &octets) == 1 ||
	       inet_pton(AF_INET6, host, &octets) == 1;
}

SSL *redis_tls_session(struct redis_tls *tls, const char *host)
{
	SSL *ssl = SSL_new(tls->context);
	char name[REDIS_TEXT_SIZE]; /* OpenSSL's macro takes no const */
	X509_VERIFY_PARAM *param;
	bool ok;

	if (ssl == NULL)
		return NULL;
	snprintf(name, sizeof(name), "%s", host);
	param = SSL_get0_param(ssl);
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* RFC 6066, 3: a literal address is not permitted as a name. */
	if (is_address(host))
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	else
		ok = X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
		     SSL_set_tlsext_host_name(ssl, name) == 1;
	if (ok)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static const char *words_of_verdict(long verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (verdicts[i].code == verdict)
			return verdicts[i].words;
	return untrusted;
}

static const char *words_of_reason(int reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == reason)
			return reasons[i].words;
	return broken;
}

/*
 * In TLS 1.3 a server refuses our certificate after our part of the handshake
 * is done (RFC 8446, 4.4.2.4): what we write then may fail before its alert is
 * read.  It sent the alert before the reset, so it is there.
 */
static unsigned long last_alert(SSL *ssl)
{
	char octet;

	ERR_clear_error();
	if (SSL_read(ssl, &octet, 1) > 0)
		return 0;
	return ERR_get_error();
}

const char *redis_tls_trouble(struct bufferevent *connection,
			      const char **detail)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection);
	unsigned long code, first = 0;
	int system_code = EVUTIL_SOCKET_ERROR();
	long verdict;

	if (ssl == NULL)
		return NULL;
	/* Among them libevent puts plain numbers, of what SSL_read() returned.
	 */
	while ((code = bufferevent_get_openssl_error(connection)) != 0)
		if (ERR_SYSTEM_ERROR(code))
			system_code = ERR_GET_REASON(code);
		else if (ERR_GET_LIB(code) != 0 && first == 0)
			first = code;
	if (first == 0 && SSL_is_init_finished(ssl))
		first = last_alert(ssl);
	errno = system_code;
	if (first == 0 || ERR_SYSTEM_ERROR(first))
		return NULL;
	verdict = SSL_get_verify_result(ssl);
	if (ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		*detail = X509_verify_cert_error_string(verdict);
		return words_of_verdict(verdict);
	}
	*detail = ERR_reason_error_string(first);
	if (*detail == NULL)
		*detail = "";
	return words_of_reason(ERR_GET_REASON(first));
}

static int64_t left_s(const X509 *paper)
{
	int days, seconds;

	if (paper == NULL || ASN1_TIME_diff(&days, &seconds, NULL,
					    X509_get0_notAfter(paper)) != 1)
		return INT64_MAX;
	return (int64_t)days * 86400 + seconds;
}

void redis_tls_papers(struct bufferevent *connection, int64_t *theirs_s,
		      int64_t *ours_s)
{
	SSL *ssl = bufferevent_openssl_get_ssl(connection);

	*theirs_s = ssl == NULL ? INT64_MAX
				: left_s(SSL_get0_peer_certificate(ssl));
	*ours_s = ssl == NULL ? INT64_MAX : left_s(SSL_get_certificate(ssl));
}

void redis_tls_free(struct redis_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}
