/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin_json -- the pins of a service in a view, for those who decide by it
 * elsewhere (policy/decide/standing), and who want to know.
 *
 * All is named: what only one of the two policies knows is left out.  Pure.
 */
#ifndef POLICY_DECIDE_PIN_JSON_H
#define POLICY_DECIDE_PIN_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_t;
struct view;

/* A new reference to an array, newest first; NULL when memory runs out. */
struct json_t *pins_write(const struct view *view, size_t service);

/* Puts such an array into a view in place of what it has.  False with err set:
 * malformed, or out of memory. */
bool pins_parse(const struct json_t *list, struct view *view, size_t service,
		struct error *err);

#endif
