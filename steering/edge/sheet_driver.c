/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/sheet_driver.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "steering/edge/job.h"
#include "steering/edge/orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_MAX = 4 << 20,
	AGAIN_FIRST_MS = 1000,
	AGAIN_LAST_MS = 60000,
};

struct sheet_driver {
	struct driver driver;
	struct sheet_config *config;
	struct event_base *loop;
	struct job *job; /* NULL: none runs */
	char *services;  /* in the file, owned; NULL: not known */
	bool told;       /* the command has ended well, for these */
	unsigned again_ms;
	int64_t failed_ms;
};

static void on_ended(void *arg, const char *why)
{
	struct sheet_driver *s = arg;

	s->job = NULL;
	s->told = why == NULL;
	if (s->told) {
		driver_settle(&s->driver, "");
		return;
	}
	s->again_ms = s->again_ms == 0 ? AGAIN_FIRST_MS : 2 * s->again_ms;
	if (s->again_ms > AGAIN_LAST_MS)
		s->again_ms = AGAIN_LAST_MS;
	s->failed_ms = clock_now_ms();
	driver_settle(&s->driver, why);
}

static void tell(struct sheet_driver *s)
{
	const struct job_config job = { "command", &s->config->command,
					s->config->timeout_ms };

	if (s->told || s->config->command.argv[0] == NULL) {
		driver_settle(&s->driver, "");
		return;
	}
	if (s->again_ms > 0 && clock_now_ms() < s->failed_ms + s->again_ms) {
		driver_defer(&s->driver);
		return;
	}
	s->driver.counters.changes++;
	s->job = job_start(s->loop, &job, on_ended, s);
	if (s->job == NULL)
		on_ended(s, strerror(errno));
}

/* Is the file what it should be, or is it now? */
static bool write_file(const struct sheet_driver *s, const char *services,
		       struct error *err)
{
	char *wanted = sheet_write(s->driver.orders->plan, services);
	size_t len;
	char *has = file_read(s->config->path, FILE_MAX, &len, err);
	bool ok = wanted != NULL;

	if (!ok)
		error_set(err, "out of memory");
	else if (has == NULL || strcmp(has, wanted) != 0)
		ok = file_replace(s->config->path, wanted, strlen(wanted), err);
	free(has);
	free(wanted);
	return ok;
}

/* The command has not heard of this. */
static void renew(struct sheet_driver *s, char *services)
{
	if (s->services == NULL || strcmp(s->services, services) != 0) {
		s->told = false;
		s->again_ms = 0;
	}
	free(s->services);
	s->services = services;
}

static void begin(struct driver *driver)
{
	struct sheet_driver *s = (struct sheet_driver *)driver;
	struct error err;
	char *services;

	for (size_t i = 0; i < s->config->serving_count; i++)
		if (!serving_divide(&s->config->servings[i], driver->orders,
				    &err)) {
			driver_settle(&s->driver, err.text);
			return;
		}
	services = sheet_write_services(s->config->servings,
					s->config->serving_count);
	if (services == NULL) {
		driver_settle(&s->driver, "out of memory");
	} else if (!write_file(s, services, &err)) {
		free(services);
		driver_settle(&s->driver, err.text);
	} else {
		renew(s, services);
		tell(s);
	}
}

static void driver_end(struct driver *driver)
{
	struct sheet_driver *s = (struct sheet_driver *)driver;

	job_free(s->job);
	free(s->services);
	free(s);
}

struct driver *sheet_driver_new(struct event_base *loop,
				struct sheet_config *config, struct error *err)
{
	static const struct driver_kind kind = { "file", begin, driver_end };
	struct sheet_driver *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	s->driver.kind = &kind;
	s->driver.place = config->path;
	s->config = config;
	s->loop = loop;
	return &s->driver;
}
