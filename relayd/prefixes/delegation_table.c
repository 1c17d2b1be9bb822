/* SPDX-License-Identifier: ISC */
/*
 * Delegations are in two hash tables, by prefix and by client (DUID and link), in the list of their
 * link, and in a heap by the time at which they end or are forgotten. put_new() and
 * delegation_table_forget() are the only places where one enters and leaves all of them.
 */
#include "relayd/prefixes/delegation_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[DELEGATION_EVENTS] = {
	[DELEGATION_ADDED] = "added",
	[DELEGATION_RENEWED] = "renewed",
	[DELEGATION_MOVED] = "moved",
	[DELEGATION_EXPIRED] = "expired",
	[DELEGATION_RELEASED] = "released",
	[DELEGATION_WITHDRAWN] = "withdrawn",
	[DELEGATION_CLEARED] = "cleared",
	[DELEGATION_FORGOTTEN] = "forgotten",
};

static const char *const result_names[DELEGATION_RESULTS] = {
	[DELEGATION_ACCEPTED] = "accepted",
	[DELEGATION_CLIENT_LIMIT] = "client-limit",
	[DELEGATION_LINK_LIMIT] = "link-limit",
	[DELEGATION_NO_MEMORY] = "no-memory",
};

const char *delegation_event_name(enum delegation_event event)
{
	return event_names[event];
}

const char *delegation_result_name(enum delegation_result result)
{
	return result_names[result];
}

static void notify(struct delegation_table *table, struct delegation *d, enum delegation_event event)
{
	if (table->ops && table->ops->changed)
		table->ops->changed(table->arg, d, event);
}

/* --- links and clients ------------------------------------------------------------------- */

static uint64_t hash_of_name(const struct delegation_table *table, const char *name)
{
	return hash_table_hash(&table->links, name, strlen(name));
}

struct delegation_link *delegation_table_link(
	const struct delegation_table *table, const char *name)
{
	struct hash_node *node;

	hash_table_each(node, &table->links, hash_of_name(table, name)) {
		struct delegation_link *link = hash_entry(node, struct delegation_link, by_name);

		if (strcmp(link->name, name) == 0)
			return link;
	}
	return NULL;
}

static struct delegation_link *get_link(struct delegation_table *table, const char *name)
{
	struct delegation_link *link = delegation_table_link(table, name);

	if (link)
		return link;
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	strncpy(link->name, name, sizeof(link->name) - 1);
	hash_table_insert(&table->links, &link->by_name, hash_of_name(table, link->name));
	return link;
}

static void link_insert(struct delegation_link *link, struct delegation *d)
{
	d->link = link;
	d->prev = NULL;
	d->next = link->first;
	if (d->next)
		d->next->prev = d;
	link->first = d;
	*(d->state == DELEGATION_ACTIVE ? &link->n_active : &link->n_ended) += 1;
}

/* Frees the link if this was its last delegation. */
static void link_remove(struct delegation_table *table, struct delegation *d)
{
	struct delegation_link *link = d->link;

	*(d->prev ? &d->prev->next : &link->first) = d->next;
	if (d->next)
		d->next->prev = d->prev;
	*(d->state == DELEGATION_ACTIVE ? &link->n_active : &link->n_ended) -= 1;
	if (link->first)
		return;
	hash_table_remove(&table->links, &link->by_name);
	free(link);
}

static uint64_t hash_of_client(
	const struct delegation_table *table, const char *link, const struct dhcp6_duid *duid)
{
	struct siphash hash = siphash_begin(&table->by_client.key);

	siphash_add(&hash, link, strlen(link) + 1);
	siphash_add(&hash, duid->octets, duid->len);
	return siphash_end(&hash);
}

static bool is_of_client(
	const struct delegation *d, const char *link, const struct dhcp6_duid *duid)
{
	return dhcp6_duid_equal(&d->duid, duid) && strcmp(d->link->name, link) == 0;
}

static size_t count_of_client(
	const struct delegation_table *table, const char *link, const struct dhcp6_duid *duid)
{
	struct hash_node *node;
	size_t n = 0;

	hash_table_each(node, &table->by_client, hash_of_client(table, link, duid)) {
		const struct delegation *d = hash_entry(node, struct delegation, by_client);

		n += d->state == DELEGATION_ACTIVE && is_of_client(d, link, duid);
	}
	return n;
}

/* --- entering and leaving ------------------------------------------------------------------ */

static uint64_t hash_of_prefix(const struct delegation_table *table, const struct prefix *prefix)
{
	uint8_t octets[sizeof(prefix->address) + 1];

	memcpy(octets, &prefix->address, sizeof(prefix->address));
	octets[sizeof(prefix->address)] = prefix->len;
	return hash_table_hash(&table->by_prefix, octets, sizeof(octets));
}

struct delegation *delegation_table_find(
	const struct delegation_table *table, const struct prefix *prefix)
{
	struct hash_node *node;

	hash_table_each(node, &table->by_prefix, hash_of_prefix(table, prefix)) {
		struct delegation *d = hash_entry(node, struct delegation, by_prefix);

		if (prefix_equal(&d->prefix, prefix))
			return d;
	}
	return NULL;
}

static void count(struct delegation_table *table, const struct delegation *d, long n)
{
	size_t *counter = d->state == DELEGATION_ACTIVE ? &table->n_active : &table->n_ended;

	*counter += (size_t)n;
}

static void set_client(
	struct delegation_table *table, struct delegation *d, const struct delegation_offer *offer)
{
	d->next_hop = offer->next_hop;
	d->duid = *offer->duid;
	d->iaid = offer->iaid;
	d->preferred_until_ms = offer->preferred_until_ms;
	d->until_ms = offer->valid_until_ms;
	hash_table_insert(
		&table->by_client, &d->by_client, hash_of_client(table, offer->link, offer->duid));
}

static struct delegation *put_new(struct delegation_table *table,
	const struct delegation_offer *offer, enum delegation_state state)
{
	struct delegation *d = delegation_heap_has_room(&table->heap) ? calloc(1, sizeof(*d)) : NULL;
	struct delegation_link *link = d ? get_link(table, offer->link) : NULL;

	if (!link) {
		free(d);
		return NULL;
	}
	d->prefix = offer->prefix;
	d->state = state;
	link_insert(link, d);
	set_client(table, d, offer);
	hash_table_insert(&table->by_prefix, &d->by_prefix, hash_of_prefix(table, &d->prefix));
	delegation_heap_add(&table->heap, d);
	count(table, d, 1);
	return d;
}

void delegation_table_forget(struct delegation_table *table, struct delegation *d)
{
	notify(table, d, DELEGATION_FORGOTTEN);
	delegation_heap_remove(&table->heap, d);
	count(table, d, -1);
	hash_table_remove(&table->by_prefix, &d->by_prefix);
	hash_table_remove(&table->by_client, &d->by_client);
	link_remove(table, d);
	free(d);
}

static void set_state(
	struct delegation_table *table, struct delegation *d, enum delegation_state state)
{
	if (d->state == state)
		return;
	count(table, d, -1);
	d->link->n_active += state == DELEGATION_ACTIVE ? 1 : (size_t)-1;
	d->link->n_ended += state == DELEGATION_ENDED ? 1 : (size_t)-1;
	d->state = state;
	count(table, d, 1);
}

static void end(struct delegation_table *table, struct delegation *d, enum delegation_event why,
	int64_t now_ms)
{
	set_state(table, d, DELEGATION_ENDED);
	d->preferred_until_ms = 0;
	d->until_ms = now_ms + DELEGATION_HOLD_MS;
	delegation_heap_fix(&table->heap, d);
	notify(table, d, why);
}

/* --- decisions ----------------------------------------------------------------------------- */

/* Make room for one more by forgetting the ended delegation of the link that ended first. */
static bool make_room(
	struct delegation_table *table, const char *name, const struct delegation_limits *limits)
{
	const struct delegation_link *link = delegation_table_link(table, name);
	struct delegation *oldest = NULL;

	if (!link || link->n_active + link->n_ended < limits->per_link)
		return true;
	for (struct delegation *d = link->first; d; d = d->next)
		if (d->state == DELEGATION_ENDED && (!oldest || d->until_ms < oldest->until_ms))
			oldest = d;
	if (!oldest)
		return false;
	/* The link must stay, so the caller's name is not the link's own memory. */
	delegation_table_forget(table, oldest);
	return true;
}

/* Of another client, link or next hop than the offer. */
static bool is_moved(const struct delegation *d, const struct delegation_offer *offer)
{
	return d->state != DELEGATION_ACTIVE || !is_of_client(d, offer->link, offer->duid) ||
	       !IN6_ARE_ADDR_EQUAL(&d->next_hop, &offer->next_hop);
}

static bool renew(
	struct delegation_table *table, struct delegation *d, const struct delegation_offer *offer)
{
	bool was_active = d->state == DELEGATION_ACTIVE;
	bool moves = is_moved(d, offer);
	struct delegation_link *link = get_link(table, offer->link);

	if (!link)
		return false;
	set_state(table, d, DELEGATION_ACTIVE);
	hash_table_remove(&table->by_client, &d->by_client);
	if (d->link != link) {
		link_remove(table, d);
		link_insert(link, d);
	}
	set_client(table, d, offer);
	delegation_heap_fix(&table->heap, d);
	notify(table, d,
		!was_active ? DELEGATION_ADDED
		: moves     ? DELEGATION_MOVED
			    : DELEGATION_RENEWED);
	return true;
}

enum delegation_result delegation_table_put(struct delegation_table *table,
	const struct delegation_offer *offer, const struct delegation_limits *limits)
{
	struct delegation *d = delegation_table_find(table, &offer->prefix);
	bool is_same_client = d && d->state == DELEGATION_ACTIVE &&
			      is_of_client(d, offer->link, offer->duid);
	bool is_on_link = d && strcmp(d->link->name, offer->link) == 0;

	if (!is_same_client &&
		count_of_client(table, offer->link, offer->duid) >= limits->per_client)
		return DELEGATION_CLIENT_LIMIT;
	if (!is_on_link && !make_room(table, offer->link, limits))
		return DELEGATION_LINK_LIMIT;
	if (d)
		return renew(table, d, offer) ? DELEGATION_ACCEPTED : DELEGATION_NO_MEMORY;
	d = put_new(table, offer, DELEGATION_ACTIVE);
	if (!d)
		return DELEGATION_NO_MEMORY;
	notify(table, d, DELEGATION_ADDED);
	return DELEGATION_ACCEPTED;
}

void delegation_table_put_ended(struct delegation_table *table,
	const struct delegation_offer *offer, const struct delegation_limits *limits)
{
	struct delegation *d;

	if (delegation_table_find(table, &offer->prefix) || !make_room(table, offer->link, limits))
		return;
	d = put_new(table, offer, DELEGATION_ENDED);
	if (d)
		notify(table, d, DELEGATION_EXPIRED);
}

void delegation_table_end_prefix(struct delegation_table *table, const char *link,
	const struct dhcp6_duid *duid, const struct prefix *prefix, enum delegation_event why,
	int64_t now_ms)
{
	struct delegation *d = delegation_table_find(table, prefix);

	if (d && d->state == DELEGATION_ACTIVE && is_of_client(d, link, duid))
		end(table, d, why, now_ms);
}

void delegation_table_end_ia(struct delegation_table *table, const char *link,
	const struct dhcp6_duid *duid, uint32_t iaid, enum delegation_event why, int64_t now_ms)
{
	struct hash_node *node;

	/* end() leaves the delegation in the table of clients. */
	hash_table_each(node, &table->by_client, hash_of_client(table, link, duid)) {
		struct delegation *d = hash_entry(node, struct delegation, by_client);

		if (d->state == DELEGATION_ACTIVE && d->iaid == iaid && is_of_client(d, link, duid))
			end(table, d, why, now_ms);
	}
}

void delegation_table_clear(struct delegation_table *table, struct delegation *d, int64_t now_ms)
{
	if (d->state == DELEGATION_ACTIVE)
		end(table, d, DELEGATION_CLEARED, now_ms);
	else
		delegation_table_forget(table, d);
}

int64_t delegation_table_expire(struct delegation_table *table, int64_t now_ms, unsigned max)
{
	for (unsigned i = 0; table->heap.count > 0; i++) {
		struct delegation *d = table->heap.of[0];

		if (d->until_ms == DELEGATION_FOREVER)
			return -1;
		if (d->until_ms > now_ms)
			return d->until_ms - now_ms;
		if (i >= max)
			return 0;
		if (d->state == DELEGATION_ACTIVE)
			end(table, d, DELEGATION_EXPIRED, now_ms);
		else
			delegation_table_forget(table, d);
	}
	return -1;
}

/* --- the whole ----------------------------------------------------------------------------- */

int delegation_table_init(
	struct delegation_table *table, const struct delegation_table_ops *ops, void *arg)
{
	*table = (struct delegation_table){.ops = ops, .arg = arg};
	if (hash_table_init(&table->by_prefix, 64) == 0 &&
		hash_table_init(&table->by_client, 64) == 0 &&
		hash_table_init(&table->links, 16) == 0)
		return 0;
	delegation_table_fini(table);
	return -ENOMEM;
}

void delegation_table_fini(struct delegation_table *table)
{
	table->ops = NULL;
	while (table->heap.count > 0)
		delegation_table_forget(table, table->heap.of[table->heap.count - 1]);
	free(table->heap.of);
	hash_table_fini(&table->by_prefix);
	hash_table_fini(&table->by_client);
	hash_table_fini(&table->links);
	*table = (struct delegation_table){0};
}

struct delegation *delegation_table_next(
	const struct delegation_table *table, const struct delegation *after)
{
	struct hash_node *node =
		hash_table_next(&table->by_prefix, after ? &after->by_prefix : NULL);

	return node ? hash_entry(node, struct delegation, by_prefix) : NULL;
}
