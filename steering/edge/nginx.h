/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx -- the file that nginx includes so that its clients are divided as the
 * plan says.
 *
 *   $windrose_SERVICE  the endpoint that this request goes to: ENDPOINT, or
 *                      CANARY.ENDPOINT; what is no letter or digit in SERVICE
 *                      is "_"
 *   $windrose_state    what of the above is in force: 16 hex digits
 *   $windrose_session  is nginx's own to define: what a client is drawn by
 *
 * Two split_clients make a choice: one of the stable endpoint, one of whether
 * its canary takes the client instead; so who is in a canary does not depend
 * on weights, and stays in as its share grows: the canary's part is the
 * beginning of the range.  Shares are exact to 0.01 %, nginx's finest; none
 * above 0 becomes 0.  nginx draws by MurmurHash2 of 32 bits: its canaries are
 * not the same clients as those of responders or of HAProxy.
 *
 * Source: ngx_http_split_clients_module, ngx_http_map_module.  Pure.
 */
#ifndef STEERING_EDGE_NGINX_H
#define STEERING_EDGE_NGINX_H

#include "steering/edge/serving.h"

#include <stddef.h>

struct error;

enum { NGINX_STATE_SIZE = 17, NGINX_ANSWER_MAX = 4096 };

/* False with err set when two services have the same variable. */
bool nginx_check(const struct serving *servings, size_t count,
		 struct error *err);

/*
 * The text of the file for servings that were divided; the caller frees it.
 * note stands in it as a comment, so that another one is another state; ""
 * for none.  state becomes what $windrose_state is.  NULL: out of memory.
 */
char *nginx_write(const struct serving *servings, size_t count,
		  const char *note, char state[NGINX_STATE_SIZE]);

/*
 * Reads an answer: 1 when it is whole and state was filled in, 0 when more
 * octets are due, -1 when it is none that is taken: any status but 200, no
 * Content-Length, or a body that is no state.
 */
int nginx_answer_parse(const char *text, size_t len,
		       char state[NGINX_STATE_SIZE]);

#endif
