/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdicts -- what a view takes each endpoint for, by name, to be remembered
 * over a restart.
 *
 * A verdict that is held rests on reports that are gone: the vantages have
 * fallen silent, or abstain by now.  Nothing but the verdict itself can bring
 * it back.  As JSON, {"SERVICE": {"ENDPOINT": "up"|"down"}}; what is not known
 * is left out.  Pure.
 */
#ifndef DNS_VERDICTS_H
#define DNS_VERDICTS_H

#include <stdbool.h>

struct json_t;
struct view;

/* A new reference; NULL when memory runs out. */
struct json_t *verdicts_write(const struct view *view);

/*
 * Holds them in view, for the endpoints that it knows by name and monitors; of
 * the rest nothing is taken.
 */
void verdicts_hold(const struct json_t *json, struct view *view);

/* Do both say the same?  Views of two policies never do. */
bool verdicts_same(const struct view *a, const struct view *b);

#endif
