/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_text -- a policy of one file, as a bundle on a bus.
 */
#ifndef TESTS_UNIT_BUNDLE_TEXT_H
#define TESTS_UNIT_BUNDLE_TEXT_H

#include "policy/bus/bundle.h"

struct bus;

/* Its digest.  On the bus from now on; NULL: on none. */
void bundle_text_put(struct bus *bus, const char *text,
		     char digest[BUNDLE_DIGEST_SIZE]);

#endif
