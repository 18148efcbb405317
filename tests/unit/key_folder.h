/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_folder -- a folder of key files for one test program, gone with it.
 *
 * What fails here ends the test.
 */
#ifndef TESTS_UNIT_KEY_FOLDER_H
#define TESTS_UNIT_KEY_FOLDER_H

#include "policy/keys/dnskey.h"

#include <stdint.h>
#include <sys/types.h>

#define ZONE "example.com." /* all keys are this zone's */

extern char key_folder[];

/* For cmocka. */
int key_folder_set_up(void **state);
int key_folder_tear_down(void **state);

void key_folder_write(const char *name, const char *text, mode_t mode);
void key_folder_empty(void);

/* A new key, read back from its file; dnskey_fini() is due. */
struct dnskey key_folder_make_key(const char *algorithm, uint16_t flags,
				  const int64_t *times_s);

#endif
