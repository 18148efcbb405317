/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/merge.h"

#include "policy/language/code.h"
#include "policy/language/fill.h"
#include "policy/language/scalar.h"
#include "policy/language/window.h"

#include <string.h>

/* The earlier child of the same name from another file, or NULL. */
static const struct tree *find_earlier(const struct tree *section,
				       const struct tree *node)
{
	for (const struct tree *at = section->first; at != NULL; at = at->next)
		if (at->key->at.file != node->key->at.file &&
		    strcmp(at->key->text, node->key->text) == 0)
			return at;
	return NULL;
}

static void append(struct tree *section, struct tree *node)
{
	node->next = NULL;
	if (section->last == NULL)
		section->first = node;
	else
		section->last->next = node;
	section->last = node;
	section->count++;
}

static void merge_section(struct draft *d, const struct schema_row *row,
			  struct tree **section, struct tree *more)
{
	if (*section == NULL) {
		*section = more;
		return;
	}
	for (struct tree *node = more->first; node != NULL;) {
		struct tree *next = node->next;
		const struct tree *earlier =
			row->kind == SCHEMA_ITEMS
				? NULL
				: find_earlier(*section, node);

		if (earlier != NULL)
			errors_add(d->errs, CODE_KEY_TWICE, node->key->at,
				   "%s.%.63s is already at %.80s:%u:%u; keep "
				   "one of the two",
				   row->key, node->key->text,
				   earlier->key->at.file, earlier->key->at.line,
				   earlier->key->at.col);
		else
			append(*section, node);
		node = next;
	}
}

static void miss_section(struct draft *d, const struct schema_row *row)
{
	d->sections_missing |= UINT32_C(1) << (row - schema_top.rows);
}

/* A mistyped section is an error; that its things are missed is none. */
static void refuse_section(struct draft *d, struct tree *node)
{
	const char *near = schema_nearest(&schema_top, node->key->text);

	fill_refuse_key(d, &schema_top, node, "the policy");
	if (near != NULL)
		miss_section(d, schema_find(&schema_top, near));
}

void merge_file(struct draft *d, struct tree *root)
{
	static const struct schema_row top = { .key = "the policy",
					       .kind = SCHEMA_MAP };

	if (!fill_shape(d, &top, root)) {
		d->file_missing = true;
		return;
	}
	for (struct tree *node = root->first, *next; node != NULL;
	     node = next) {
		const struct schema_row *row =
			schema_find(&schema_top, node->key->text);

		next = node->next;
		if (row == NULL) {
			refuse_section(d, node);
		} else if (!fill_shape(d, row, node)) {
			miss_section(d, row);
		} else {
			merge_section(d, row,
				      &d->sections[row - schema_top.rows],
				      node);
		}
	}
}

bool merge_is_service_name(const char *text)
{
	char label[POLICY_NAME_MAX + 1];
	const char *from = text;

	if (strcmp(text, "@") == 0 || strcmp(text, "*") == 0)
		return true;
	if (strlen(text) > POLICY_NAME_MAX)
		return false;
	if (strncmp(text, "*.", 2) == 0)
		from += 2;
	for (;;) {
		size_t len = strcspn(from, ".");

		memcpy(label, from, len);
		label[len] = '\0';
		/* RFC 9460, 2.3: SVCB records are at names like _dns.www. */
		if (!scalar_name(label + (label[0] == '_')))
			return false;
		if (from[len] == '\0' || from[len + 1] == '\0')
			return true;
		from += len + 1;
	}
}

static void check_name(struct draft *d, enum section section,
		       const struct tree *key)
{
	bool ok = section == SECTION_SERVICES ? merge_is_service_name(key->text)
					      : scalar_name(key->text);

	if (!ok)
		errors_add(d->errs, CODE_NAME_WRONG, key->at,
			   "name \"%.80s\" below %s cannot be used; write a-z, "
			   "0-9 and - inside, at most %d octets",
			   key->text, schema_top.rows[section].key,
			   POLICY_NAME_MAX);
}

struct shape {
	size_t stride, at; /* of the struct, and of its place in it */
	size_t room;       /* at least so many, for those that grow */
};

/* The name is the first member of each. */
static void *declare(struct draft *d, enum section section, struct shape shape,
		     size_t *count)
{
	const struct schema_row *row = &schema_top.rows[section];
	struct tree *map = d->sections[section];
	size_t most = (size_t)row->max, n = map == NULL ? 0 : map->count;
	char *array;

	if (n > most)
		n = most;
	array = draft_alloc(d, n > shape.room ? n : shape.room, shape.stride);
	*count = 0;
	if (array == NULL || map == NULL)
		return array;
	for (struct tree *node = map->first; node != NULL; node = node->next) {
		char *thing = array + *count * shape.stride;

		if (*count == most) {
			errors_add(d->errs, CODE_TOO_MANY, node->key->at,
				   "%s has %zu names; at most %zu are allowed",
				   row->key, map->count, most);
			miss_section(d, row);
			break;
		}
		check_name(d, section, node->key);
		memcpy(thing, &node->key->text, sizeof(node->key->text));
		memcpy(thing + shape.at, &node->key->at, sizeof(struct place));
		(*count)++;
	}
	return array;
}

#define SHAPE(type, room) \
	((struct shape){ sizeof(struct type), offsetof(struct type, at), room })

void merge_declare(struct draft *d)
{
	struct policy *p = d->policy;

	p->sets = declare(d, SECTION_CLIENTS,
			  SHAPE(client_set, POLICY_SETS_MAX), &p->set_count);
	p->regions = declare(d, SECTION_REGIONS, SHAPE(policy_region, 0),
			     &p->region_count);
	p->vantages = declare(d, SECTION_VANTAGES, SHAPE(policy_vantage, 0),
			      &p->vantage_count);
	p->windows = declare(d, SECTION_WINDOWS, SHAPE(policy_window, 0),
			     &p->window_count);
	p->checks = declare(d, SECTION_CHECKS, SHAPE(policy_check, 0),
			    &p->check_count);
	p->residency = declare(d, SECTION_RESIDENCY, SHAPE(policy_residency, 0),
			       &p->residency_count);
	p->services = declare(d, SECTION_SERVICES, SHAPE(policy_service, 0),
			      &p->service_count);
	p->canaries = declare(d, SECTION_CANARIES, SHAPE(policy_canary, 0),
			      &p->canary_count);
	p->jurisdictions =
		draft_alloc(d, POLICY_JURISDICTIONS_MAX, sizeof(char *));
}
