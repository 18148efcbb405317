/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy_counters.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 256, TYPE_SERVER = 2 };

/* The columns that are read: the counters first, in their order. */
enum {
	COLUMN_BACKEND = HAPROXY_COUNTERS,
	COLUMN_SERVER,
	COLUMN_TYPE,
	COLUMN_MODE,
	COLUMNS
};

static const char *const names[] = {
	[HAPROXY_STOT] = "stot",        [HAPROXY_1XX] = "hrsp_1xx",
	[HAPROXY_2XX] = "hrsp_2xx",     [HAPROXY_3XX] = "hrsp_3xx",
	[HAPROXY_4XX] = "hrsp_4xx",     [HAPROXY_5XX] = "hrsp_5xx",
	[HAPROXY_OTHER] = "hrsp_other", [HAPROXY_ECON] = "econ",
	[HAPROXY_ERESP] = "eresp",      [HAPROXY_WRETR] = "wretr",
	[HAPROXY_WREDIS] = "wredis",    [HAPROXY_SRV_ABRT] = "srv_abrt",
	[COLUMN_BACKEND] = "pxname",    [COLUMN_SERVER] = "svname",
	[COLUMN_TYPE] = "type",         [COLUMN_MODE] = "mode",
};

static_assert(sizeof(names) / sizeof(names[0]) == COLUMNS,
	      "every column has its name");

struct cells {
	char *list[CELLS_MAX];
	size_t count;
};

/* Takes the quotes off a cell, in place; returns what follows it. */
static char *unquote(char *at)
{
	char *to = at++;

	while (*at != '\0') {
		if (*at == '"' && *++at != '"')
			break;
		*to++ = *at++;
	}
	/* There is room: at least the first quote is gone. */
	*to = '\0';
	return at;
}

/*
 * The cells of the next line of CSV (RFC 4180; a cell may hold line ends);
 * modifies it.  *at is where the line after it begins.  False at the end, or
 * when it has too many cells.
 */
static bool next_line(char **at, struct cells *cells)
{
	char *c = *at;
	char end = ',';

	cells->count = 0;
	if (*c == '\0')
		return false;
	while (end == ',') {
		if (cells->count == CELLS_MAX)
			return false;
		cells->list[cells->count++] = c;
		if (*c == '"')
			c = unquote(c);
		c += strcspn(c, ",\n");
		end = *c;
		if (end != '\0')
			*c++ = '\0';
	}
	*at = c;
	return true;
}

/* Where each column is. */
static bool find_columns(const struct cells *head, size_t columns[COLUMNS],
			 struct error *err)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t at = 0;

		while (at < head->count &&
		       strcmp(head->list[at], names[i]) != 0)
			at++;
		if (at == head->count) {
			error_set(err, "HAProxy's counters have no column %s",
				  names[i]);
			return false;
		}
		columns[i] = at;
	}
	return true;
}

/* "" is zero: a counter that this server's mode has not. */
static bool read_counter(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || n > UINT64_MAX / 100)
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*out = n;
	return true;
}

static bool read_name(const char *text, char out[HAPROXY_NAME_SIZE])
{
	if (*text == '\0' || strlen(text) >= HAPROXY_NAME_SIZE)
		return false;
	strcpy(out, text);
	return true;
}

static bool read_server(const struct cells *cells, const size_t *columns,
			struct haproxy_counted *out)
{
	*out = (struct haproxy_counted){ .http = false };
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i] >= cells->count)
			return false;
	for (size_t i = 0; i < HAPROXY_COUNTERS; i++)
		if (!read_counter(cells->list[columns[i]], &out->counters[i]))
			return false;
	out->http = strcmp(cells->list[columns[COLUMN_MODE]], "http") == 0;
	return read_name(cells->list[columns[COLUMN_BACKEND]], out->backend) &&
	       read_name(cells->list[columns[COLUMN_SERVER]], out->server);
}

static bool is_server(const struct cells *cells, const size_t *columns)
{
	return columns[COLUMN_TYPE] < cells->count &&
	       atoi(cells->list[columns[COLUMN_TYPE]]) == TYPE_SERVER;
}

static int compare(const void *a, const void *b)
{
	const struct haproxy_counted *x = a, *y = b;
	int order = strcmp(x->backend, y->backend);

	return order != 0 ? order : strcmp(x->server, y->server);
}

static bool read_lines(char *text, struct haproxy_counters *counters,
		       struct error *err)
{
	size_t columns[COLUMNS];
	struct cells cells;

	if (strncmp(text, "# ", 2) != 0) {
		error_set(err, "HAProxy did not answer \"show stat\"");
		return false;
	}
	text += 2;
	if (!next_line(&text, &cells) || !find_columns(&cells, columns, err)) {
		if (cells.count == CELLS_MAX)
			error_set(err, "HAProxy's counters have too many "
				       "columns");
		return false;
	}
	while (next_line(&text, &cells)) {
		if (!is_server(&cells, columns))
			continue;
		if (counters->count == HAPROXY_SERVERS_MAX ||
		    !read_server(&cells, columns,
				 &counters->list[counters->count])) {
			error_set(err,
				  "HAProxy's counters of server %zu are not "
				  "understood",
				  counters->count + 1);
			return false;
		}
		counters->count++;
	}
	qsort(counters->list, counters->count, sizeof(*counters->list),
	      compare);
	return true;
}

bool haproxy_counters_parse(const char *text, size_t len,
			    struct haproxy_counters *out, struct error *err)
{
	struct haproxy_counters counters = { 0 };
	char *copy = strndup(text, len);
	bool ok = false;

	counters.list = calloc(HAPROXY_SERVERS_MAX, sizeof(*counters.list));
	if (copy == NULL || counters.list == NULL)
		error_set(err, "out of memory");
	else
		ok = read_lines(copy, &counters, err);
	free(copy);
	if (!ok) {
		haproxy_counters_fini(&counters);
		return false;
	}
	*out = counters;
	return true;
}

void haproxy_counters_fini(struct haproxy_counters *counters)
{
	free(counters->list);
	*counters = (struct haproxy_counters){ 0 };
}

static uint64_t answered(const uint64_t *grown)
{
	uint64_t sum = 0;

	for (size_t i = HAPROXY_1XX; i <= HAPROXY_OTHER; i++)
		sum += grown[i];
	return sum;
}

/* a less b, and never below zero. */
static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static struct served_count weigh(const uint64_t *grown, bool http)
{
	struct served_count count = {
		.errors = grown[HAPROXY_5XX] + grown[HAPROXY_ECON] +
			  grown[HAPROXY_WREDIS] + grown[HAPROXY_ERESP],
	};

	if (http)
		count.requests =
			answered(grown) + grown[HAPROXY_ECON] +
			grown[HAPROXY_WREDIS] +
			less(grown[HAPROXY_ERESP], grown[HAPROXY_SRV_ABRT]);
	else
		count.requests =
			less(grown[HAPROXY_STOT], grown[HAPROXY_WRETR]);
	/* A 5xx that broke off is in two of them. */
	if (count.errors > count.requests)
		count.errors = count.requests;
	return count;
}

struct served_count haproxy_growth(const struct haproxy_counted *before,
				   const struct haproxy_counted *now)
{
	static const struct haproxy_counted zero = { 0 };
	uint64_t grown[HAPROXY_COUNTERS];

	if (before == NULL)
		before = &zero;
	for (size_t i = 0; i < HAPROXY_COUNTERS; i++)
		if (now->counters[i] < before->counters[i])
			before = &zero;
	for (size_t i = 0; i < HAPROXY_COUNTERS; i++)
		grown[i] = now->counters[i] - before->counters[i];
	return weigh(grown, now->http);
}

/* Is this the server of that endpoint?  HAProxy's names have no "/". */
static bool is_server_of(const char *server, const char *endpoint)
{
	for (; *server != '\0' || *endpoint != '\0'; server++, endpoint++)
		if (*server != (*endpoint == '/' ? '.' : *endpoint))
			return false;
	return true;
}

static const struct plan_share *
find_share(const struct plan *plan, const char *service, const char *server)
{
	for (size_t i = 0; plan != NULL && i < plan->share_count; i++)
		if (strcmp(plan->shares[i].service, service) == 0 &&
		    is_server_of(server, plan->shares[i].endpoint))
			return &plan->shares[i];
	return NULL;
}

/* "CANARY/ENDPOINT" when the plan says so: *endpoint is what is behind. */
static void split_canary(const struct plan *plan, const char *service,
			 const char *server, struct ledger_key *key,
			 char canary[SERVED_NAME_SIZE])
{
	const struct plan_share *share = find_share(plan, service, server);
	const char *slash = share == NULL ? NULL : strchr(share->endpoint, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - share->endpoint);

	*key = (struct ledger_key){ service, server, canary };
	canary[0] = '\0';
	if (slash == NULL || len >= SERVED_NAME_SIZE)
		return;
	memcpy(canary, share->endpoint, len);
	canary[len] = '\0';
	key->endpoint = server + len + 1;
}

void haproxy_enter(const struct haproxy_place *at,
		   const struct served_count *growth,
		   const struct haproxy_routes *routes, const struct plan *plan,
		   struct ledger *ledger)
{
	for (size_t i = 0; i < routes->count; i++) {
		const struct haproxy_route *route = &routes->list[i];
		char canary[SERVED_NAME_SIZE];
		struct ledger_key key;

		if (strcmp(route->backend, at->backend) != 0)
			continue;
		if (route->canary != NULL)
			key = (struct ledger_key){ route->service, at->server,
						   route->canary };
		else
			split_canary(plan, route->service, at->server, &key,
				     canary);
		ledger_add(ledger, &key, growth);
	}
}

void haproxy_counters_enter(const struct haproxy_counters *before,
			    const struct haproxy_counters *now,
			    const struct haproxy_routes *routes,
			    const struct plan *plan, struct ledger *ledger)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct haproxy_counted *server = &now->list[i];
		const struct haproxy_counted *then =
			before->count == 0
				? NULL
				: bsearch(server, before->list, before->count,
					  sizeof(*server), compare);
		struct served_count growth = haproxy_growth(then, server);
		const struct haproxy_place at = { server->backend,
						  server->server };

		haproxy_enter(&at, &growth, routes, plan, ledger);
	}
}
