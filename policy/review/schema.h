/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema -- `windrose schema`: the policy language as a JSON Schema, for
 * editors that complete keys and underline mistakes (yaml-language-server).
 *
 * Made from the table that the parser reads (policy/language/schema).  It knows
 * keys, forms and words; what one key says of another only `windrose check`
 * knows.  Shell: prints.
 *
 * Source: JSON Schema, draft 2020-12.
 */
#ifndef POLICY_REVIEW_SCHEMA_H
#define POLICY_REVIEW_SCHEMA_H

/* argv[0] is "schema".  Returns PROGRAM_OK or PROGRAM_USAGE. */
int review_schema(int argc, char **argv);

#endif
