/* SPDX-License-Identifier: Apache-2.0 */
#include "health/resolver.h"

#include "policy/base/log.h"

#include <event2/dns.h>

/* Of name servers that fail and come back; libevent would print by itself. */
static void on_resolver_word(int is_warning, const char *text)
{
	log_event(is_warning ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "health",
		  "resolver", "what=\"%s\"", text);
}

bool resolver_init(struct resolver *r, struct event_base *loop)
{
	r->answered = 0;
	r->dns = evdns_base_new(loop, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (r->dns == NULL)
		return false;
	evdns_set_log_fn(on_resolver_word);
	evdns_base_resolv_conf_parse(r->dns,
				     DNS_OPTIONS_ALL & ~DNS_OPTION_SEARCH,
				     "/etc/resolv.conf");
	evdns_base_search_clear(r->dns);
	return true;
}

void resolver_fini(struct resolver *r)
{
	if (r->dns != NULL)
		evdns_base_free(r->dns, 1);
	r->dns = NULL;
}
