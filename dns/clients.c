/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/clients.h"

#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENT_V6_BITS = 64 };

struct client {
	LIST_ENTRY(client) bucket;
	struct net_addr net;
	size_t count;
	TAILQ_HEAD(client_links, client_link) links; /* idlest first */
};

static struct net_addr net_of(const struct net_addr *peer)
{
	return net_mask(peer, peer->family == NET_V6 ? CLIENT_V6_BITS : 32);
}

/* Network addresses have 64 bits at most that count. */
static size_t bucket_of(const struct clients *clients,
			const struct net_addr *net)
{
	uint64_t bits;

	memcpy(&bits, net->octets, sizeof(bits));
	bits = hash_mix(clients->secret ^ bits ^ (uint64_t)net->family << 56);
	return hash_mix(bits + clients->secret) % CLIENTS_BUCKETS;
}

void clients_init(struct clients *clients, uint64_t secret)
{
	clients->secret = secret;
	for (size_t i = 0; i < CLIENTS_BUCKETS; i++)
		LIST_INIT(&clients->buckets[i]);
}

static struct client *find(const struct clients *clients,
			   const struct net_addr *net)
{
	struct client *c =
		LIST_FIRST(&clients->buckets[bucket_of(clients, net)]);

	while (c != NULL && !net_equal(&c->net, net))
		c = LIST_NEXT(c, bucket);
	return c;
}

bool clients_join(struct clients *clients, struct client_link *link,
		  const struct net_addr *peer)
{
	struct net_addr net = net_of(peer);
	struct client *c = find(clients, &net);

	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			return false;
		c->net = net;
		TAILQ_INIT(&c->links);
		LIST_INSERT_HEAD(&clients->buckets[bucket_of(clients, &net)], c,
				 bucket);
	}
	c->count++;
	link->client = c;
	TAILQ_INSERT_TAIL(&c->links, link, next);
	return true;
}

void clients_leave(struct client_link *link)
{
	struct client *c = link->client;

	if (c == NULL)
		return;
	TAILQ_REMOVE(&c->links, link, next);
	link->client = NULL;
	if (--c->count > 0)
		return;
	LIST_REMOVE(c, bucket);
	free(c);
}

void clients_touch(struct client_link *link)
{
	if (link->client == NULL)
		return;
	TAILQ_REMOVE(&link->client->links, link, next);
	TAILQ_INSERT_TAIL(&link->client->links, link, next);
}

struct client_link *clients_over(const struct clients *clients,
				 const struct net_addr *peer, size_t limit)
{
	struct net_addr net = net_of(peer);
	const struct client *c = find(clients, &net);

	return c != NULL && c->count >= limit ? TAILQ_FIRST(&c->links) : NULL;
}
