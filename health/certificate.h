/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate -- how long a TLS server's certificate is still valid.
 *
 * Shell: reads the wall clock (through libcrypto).  Source: RFC 5280, 4.1.2.5.
 */
#ifndef HEALTH_CERTIFICATE_H
#define HEALTH_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

struct ssl_st; /* OpenSSL's SSL */

/*
 * Seconds until the first certificate of the verified chain ends; below 0: it
 * has.  Where none was verified, until the server's own ends.  0: there is
 * none, or it does not say.
 */
int64_t certificate_left_s(const struct ssl_st *session, bool verified);

#endif
