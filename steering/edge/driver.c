/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/driver.h"

#include "policy/bus/plan.h"
#include "steering/edge/orders.h"

#include <stdio.h>
#include <string.h>

static void begin(struct driver *d)
{
	d->busy = true;
	d->again = false;
	d->kind->begin(d);
}

void driver_apply(struct driver *d, const struct orders *orders)
{
	/* What every second asks for anew need not be remembered. */
	d->again = d->busy && (d->again || d->serial != orders->serial);
	d->orders = orders;
	d->serial = orders->serial;
	if (!d->busy)
		begin(d);
}

void driver_again(struct driver *d)
{
	if (d->busy)
		d->again = true;
	else if (d->orders != NULL)
		begin(d);
}

void driver_return(struct driver *d)
{
	d->counters.returns++;
	driver_again(d);
}

bool driver_has(const struct driver *d, const struct plan *plan)
{
	return plan != NULL && d->trouble[0] == '\0' &&
	       d->epoch == plan->epoch && d->sequence == plan->sequence;
}

void driver_free(struct driver *d)
{
	if (d != NULL)
		d->kind->free(d);
}

void driver_defer(struct driver *d)
{
	d->busy = false;
	if (d->again)
		begin(d);
}

/* In trouble: told at once, also when more is to be done; the next attempt may
 * be put off, and plans come more often than a slow proxy fails. */
static void fail(struct driver *d, const char *trouble)
{
	d->counters.errors++;
	snprintf(d->trouble, sizeof(d->trouble), "%.10s %.50s: %.90s",
		 d->kind->name, d->place, trouble);
	d->told(d->arg);
}

static void succeed(struct driver *d)
{
	d->counters.applies++;
	if (d->again)
		return; /* that was an old one */
	d->trouble[0] = '\0';
	d->epoch = d->orders->plan->epoch;
	d->sequence = d->orders->plan->sequence;
	d->told(d->arg);
}

void driver_settle(struct driver *d, const char *trouble)
{
	d->busy = false;
	if (*trouble != '\0')
		fail(d, trouble);
	else
		succeed(d);
	if (d->again)
		begin(d);
}
