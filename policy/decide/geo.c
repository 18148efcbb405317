/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/geo.h"

#include "policy/decide/geo_table.h"

#include <stdio.h>
#include <stdlib.h>

#include <sys/mman.h>
#include <sys/stat.h>

bool geo_own_rows(struct geo *geo)
{
	geo->own = calloc(geo->class_count, sizeof(*geo->own));
	if (geo->own == NULL)
		return false;
	for (size_t i = 0; i < geo->class_count; i++)
		geo->own[i].row = (uint16_t)i;
	lpm_rows_span(geo->own, geo->class_count);
	return true;
}

void geo_free(struct geo *geo)
{
	if (geo == NULL)
		return;
	lpm_free(geo->v4);
	lpm_free(geo->v6);
	if (geo->mapping != NULL)
		munmap(geo->mapping, geo->mapping_octets);
	else
		free(geo->classes);
	free(geo->own);
	free(geo);
}

static const struct lpm *table(const struct geo *geo, enum net_family family)
{
	return family == NET_V4 ? geo->v4 : geo->v6;
}

uint16_t geo_class_of(const struct geo *geo, const struct net_addr *addr)
{
	if (addr->family == NET_NONE)
		return 0;
	return lpm_find(table(geo, addr->family), addr);
}

void geo_fetch(const struct geo *geo, const struct net_addr *addr)
{
	if (addr->family != NET_NONE)
		lpm_fetch(table(geo, addr->family), addr);
}

void geo_fetch_next(const struct geo *geo, const struct net_addr *addr)
{
	if (addr->family != NET_NONE)
		lpm_fetch_next(table(geo, addr->family), addr);
}

struct geo_match geo_find(const struct geo *geo, const struct net_addr *addr)
{
	return (struct geo_match){
		.class_id = geo_class_of(geo, addr),
		.bits = geo_scope(geo, addr, geo->own),
	};
}

size_t geo_class_count(const struct geo *geo)
{
	return geo->class_count;
}

const struct client_class *geo_class(const struct geo *geo, uint16_t class_id)
{
	return &geo->classes[class_id];
}

uint8_t geo_scope(const struct geo *geo, const struct net_addr *addr,
		  const struct lpm_row *row_of_class)
{
	return geo_scope_in(geo, addr, row_of_class,
			    row_of_class[geo_class_of(geo, addr)].row);
}

uint8_t geo_scope_in(const struct geo *geo, const struct net_addr *addr,
		     const struct lpm_row *row_of_class, uint16_t row)
{
	if (addr->family == NET_NONE)
		return 0;
	return lpm_scope(table(geo, addr->family), addr, row_of_class, row);
}

struct geo_size geo_size(const struct geo *geo)
{
	return (struct geo_size){
		.octets = sizeof(*geo) + lpm_octets(geo->v4) +
			  lpm_octets(geo->v6) +
			  geo->class_count *
				  (sizeof(*geo->classes) + sizeof(*geo->own)),
		.networks_read = geo->networks_read,
		.leaves_v4 = lpm_leaves(geo->v4),
		.leaves_v6 = lpm_leaves(geo->v6),
		.wall_built_ms = geo->wall_built_ms,
	};
}

char *geo_stamp(const struct policy *policy)
{
	enum { STAMP_OCTETS = 96 };
	size_t count = policy->geo.database_count;
	size_t size = (count + 1) * STAMP_OCTETS, used = 0;
	char *stamp = calloc(1, size);

	for (size_t i = 0; stamp != NULL && i <= count; i++) {
		const char *path = i < count ? policy->geo.databases[i]
					     : policy->geo.networks;
		struct stat st;

		if (path == NULL)
			continue;
		if (stat(path, &st) != 0) {
			free(stamp);
			return NULL;
		}
		used += (size_t)snprintf(
			stamp + used, size - used, "%s%jx:%jx:%jd:%jd.%09ld",
			used == 0 ? "" : " ", (uintmax_t)st.st_dev,
			(uintmax_t)st.st_ino, (intmax_t)st.st_size,
			(intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	return stamp;
}
