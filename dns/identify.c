/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/identify.h"

#include "dns/identity.h"
#include "dns/slot.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/log.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sys/random.h>

enum { FILE_OCTETS_MAX = 4096 };

struct identify {
	struct slot *slot;
	struct identity now; /* as published */
	char *path;          /* NULL: the secret was drawn */
	struct event *timer; /* NULL without a path */
	char trouble[sizeof(((struct error *)0)->text)]; /* last logged */
};

static bool publish(struct identify *i, struct error *err)
{
	struct identity *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		error_set(err, "out of memory for the identity");
		return false;
	}
	*copy = i->now;
	slot_publish_identity(i->slot, copy);
	return true;
}

static bool secrets_read(const char *path, struct cookie_secrets *out,
			 struct error *err)
{
	size_t len;
	char *text = file_read(path, FILE_OCTETS_MAX, &len, err);
	bool ok = text != NULL && cookie_secrets_parse(text, path, out, err);

	if (text != NULL)
		explicit_bzero(text, len);
	free(text);
	return ok;
}

static bool secrets_draw(struct cookie_secrets *out, struct error *err)
{
	uint8_t octets[SIPHASH_KEY_OCTETS];

	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets)) {
		error_set(err, "no random numbers for a cookie secret");
		return false;
	}
	*out = (struct cookie_secrets){ .count = 1 };
	out->keys[0] = siphash_key_of(octets);
	return true;
}

/* Once for as long as it lasts. */
static void log_trouble(struct identify *i, const struct error *err)
{
	char line[400], quoted[420];

	if (strcmp(i->trouble, err->text) == 0)
		return;
	memcpy(i->trouble, err->text, sizeof(i->trouble));
	error_line(err, line, sizeof(line));
	log_event(LOG_LEVEL_WARN, "dns", "cookie-secrets-bad",
		  "text=%s hint=\"the old secrets stay\"",
		  log_quote(line, quoted, sizeof(quoted)));
}

static bool same(const struct cookie_secrets *a, const struct cookie_secrets *b)
{
	return a->count == b->count &&
	       memcmp(a->keys, b->keys, a->count * sizeof(a->keys[0])) == 0;
}

void identify_reload(struct identify *i)
{
	struct cookie_secrets secrets, before = i->now.secrets;
	struct error err = { 0 };

	if (i->path == NULL)
		return;
	if (!secrets_read(i->path, &secrets, &err)) {
		log_trouble(i, &err);
		return;
	}
	i->trouble[0] = '\0';
	if (same(&secrets, &before))
		return;
	i->now.secrets = secrets;
	if (!publish(i, &err)) {
		i->now.secrets = before; /* tried again at the next look */
		log_trouble(i, &err);
		return;
	}
	log_event(LOG_LEVEL_INFO, "dns", "cookie-secrets", "count=%zu",
		  secrets.count);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	identify_reload(arg);
}

static bool watch(struct identify *i, struct event_base *loop,
		  struct error *err)
{
	const struct timeval every = { .tv_sec = IDENTIFY_MS / 1000 };

	i->timer = event_new(loop, -1, EV_PERSIST, on_timer, i);
	if (i->timer != NULL && event_add(i->timer, &every) == 0)
		return true;
	error_set(err, "out of memory for watching cookie secrets");
	return false;
}

static bool set_secrets(struct identify *i, struct event_base *loop,
			const char *path, struct error *err)
{
	if (path == NULL)
		return secrets_draw(&i->now.secrets, err);
	i->path = strdup(path);
	if (i->path == NULL) {
		error_set(err, "out of memory for cookie secrets");
		return false;
	}
	return secrets_read(i->path, &i->now.secrets, err) &&
	       watch(i, loop, err);
}

struct identify *identify_start(struct event_base *loop, struct slot *slot,
				const struct identify_config *config,
				struct error *err)
{
	struct identify *i = calloc(1, sizeof(*i));

	if (i == NULL) {
		error_set(err, "out of memory for the identity");
		return NULL;
	}
	i->slot = slot;
	if (config->identity != NULL)
		i->now = *config->identity;
	slot->tells_why = i->now.asker_count > 0;
	if (set_secrets(i, loop, config->cookie_secrets, err) &&
	    publish(i, err))
		return i;
	identify_stop(i);
	return NULL;
}

void identify_stop(struct identify *i)
{
	if (i == NULL)
		return;
	if (i->timer != NULL)
		event_free(i->timer);
	free(i->path);
	free(i);
}
