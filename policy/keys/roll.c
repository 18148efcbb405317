/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/roll.h"

#include "policy/base/error.h"

#include <string.h>

bool roll_plan(const struct roll *roll, int64_t fresh_s[DNSKEY_TIMES],
	       int64_t before_s[DNSKEY_TIMES], struct error *err)
{
	const struct dnskey *before = roll->before;
	int64_t turn_s = roll->now_s + roll->prepublish_s;

	if (!dnskey_is_active(before, roll->now_s)) {
		error_set(err, "%s: is %s; only an active key has a successor",
			  before->path, dnskey_state(before, roll->now_s));
		return false;
	}
	if (before->times_s[DNSKEY_INACTIVE] > turn_s)
		turn_s = before->times_s[DNSKEY_INACTIVE];
	memset(fresh_s, 0, DNSKEY_TIMES * sizeof(fresh_s[0]));
	memcpy(before_s, before->times_s, DNSKEY_TIMES * sizeof(before_s[0]));
	fresh_s[DNSKEY_CREATED] = roll->now_s;
	fresh_s[DNSKEY_PUBLISH] = turn_s - roll->prepublish_s;
	fresh_s[DNSKEY_ACTIVATE] = turn_s;
	before_s[DNSKEY_INACTIVE] = turn_s;
	before_s[DNSKEY_DELETE] = turn_s + roll->max_ttl_s + ROLL_MARGIN_S;
	if (before->flags == DNSKEY_ZSK)
		return true;
	fresh_s[DNSKEY_SYNC_PUBLISH] = turn_s;
	before_s[DNSKEY_SYNC_DELETE] = turn_s;
	if (roll->ds_wait_s > 0)
		before_s[DNSKEY_DELETE] += roll->ds_wait_s;
	else
		before_s[DNSKEY_DELETE] = 0;
	return true;
}
