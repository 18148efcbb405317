/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/accept.h"

#include <time.h>

void accept_pause(struct evconnlistener *listener, void *arg)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)listener, (void)arg;
	nanosleep(&pause, NULL);
}
