/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry -- one record of a master file as text, where ldns does not read all
 * that the RFCs allow, or more.
 */
#ifndef POLICY_LANGUAGE_ENTRY_H
#define POLICY_LANGUAGE_ENTRY_H

#include <stdbool.h>

/* ldns has room for 64 KiB of text: these, in words of 32 digits or more. */
enum { ENTRY_GENERIC_OCTETS_MAX = 31000 };

/*
 * False when there is data in the generic form of RFC 3597, 5 and it is not a
 * length and so many octets in hexadecimal: ldns takes any octet for a digit.
 * Else *count is that length, or -1 when the data is not in this form.
 */
bool entry_generic(const char *text, int *count);

/* RFC 1035, 5.1 has class and TTL in either order; ldns has the TTL first. */
void entry_put_ttl_first(char *text);

#endif
