/* SPDX-License-Identifier: ISC */
/*
 * Subnets, the choice of a class in one, and the index that finds the subnet of an address. The
 * index uses that two prefixes are either nested or disjoint: the last subnet that begins at or
 * before an address either contains it, or is nested in the subnet that contains it.
 */
#include "bootd/rules/subnet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/client/client_facts.h"

void subnet_fini(struct subnet *subnet)
{
	for (size_t i = 0; i < subnet->classes; i++) {
		conditions_fini(&subnet->class[i].when);
		free(subnet->class[i].name);
		option_set_fini(&subnet->class[i].options);
	}
	free(subnet->class);
	free(subnet->interface);
	free(subnet->link);
	free(subnet->interface_id.text);
	free(subnet->remote_id.text);
	option_set_fini(&subnet->options);
}

const struct address_class *subnet_choose_class(
	const struct subnet *subnet, const struct client_facts *facts, const struct boot_host *host)
{
	for (size_t i = 0; i < subnet->classes; i++)
		if (!conditions_unmet(&subnet->class[i].when, facts, &subnet->prefix, host))
			return &subnet->class[i];
	return NULL;
}

const struct address_plan *subnet_plan(const struct subnet *subnet, size_t i)
{
	return i == 0 ? &subnet->plan : i <= subnet->classes ? &subnet->class[i - 1].plan : NULL;
}

const char *subnet_addresses_name(enum subnet_addresses addresses)
{
	static const char *const name[SUBNET_ADDRESSES] = {
		[SUBNET_STABLE] = "stable",
		[SUBNET_NONE] = "none",
		[SUBNET_POOL] = "pool",
		[SUBNET_PROXY] = "proxy",
	};

	return name[addresses];
}

/* --- the index --------------------------------------------------------------- */

struct subnet_place {
	const struct subnet *subnet;
	size_t around; /* index + 1 of the subnet that contains it; 0: none */
};

static int compare_addresses(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int compare_places(const void *left, const void *right)
{
	const struct subnet *a = ((const struct subnet_place *)left)->subnet;
	const struct subnet *b = ((const struct subnet_place *)right)->subnet;
	int order = compare_addresses(&a->prefix.address, &b->prefix.address);

	if (order == 0)
		order = (a->prefix.len > b->prefix.len) - (a->prefix.len < b->prefix.len);
	return order ? order : (a > b) - (a < b);
}

static int compare_links(const void *left, const void *right)
{
	const struct subnet *const *a = left, *const *b = right;
	int order = strcmp((*a)->interface, (*b)->interface);

	return order ? order : (*a > *b) - (*a < *b);
}

static void find_around(struct subnet_index *index)
{
	for (size_t i = 1; i < index->places; i++) {
		size_t around = i; /* index + 1 of the subnet before it */

		while (around > 0 && !prefix_covers(&index->place[around - 1].subnet->prefix,
					     &index->place[i].subnet->prefix))
			around = index->place[around - 1].around;
		index->place[i].around = around;
	}
}

static bool has_relay(const struct subnet *subnet)
{
	return subnet->interface_id.text || subnet->remote_id.text || subnet->relay_id.len > 0;
}

static bool is_sent(const struct text_pattern *pattern, const struct wire_in *sent)
{
	return !pattern->text ||
	       (wire_left(sent) > 0 && text_pattern_matches(pattern, sent->pos, wire_left(sent)));
}

static bool is_relays(const struct subnet *subnet, const struct client_facts *facts)
{
	const struct dhcp6_duid *id = &subnet->relay_id;

	return is_sent(&subnet->interface_id, &facts->interface_id) &&
	       is_sent(&subnet->remote_id, &facts->remote_id) &&
	       (id->len == 0 || (wire_left(&facts->relay_id) == id->len &&
					memcmp(facts->relay_id.pos, id->octets, id->len) == 0));
}

const struct subnet *subnet_index_by_relay(
	const struct subnet_index *index, const struct client_facts *facts)
{
	for (size_t i = 0; i < index->relayed; i++)
		if (is_relays(index->by_relay[i], facts))
			return index->by_relay[i];
	return NULL;
}

int subnet_index_init(struct subnet_index *index, const struct subnet *subnet, size_t subnets)
{
	*index = (struct subnet_index){
		.place = calloc(subnets + 1, sizeof(*index->place)),
		.on = calloc(subnets + 1, sizeof(*index->on)),
		.by_relay = calloc(subnets + 1, sizeof(*index->by_relay)),
	};
	if (!index->place || !index->on || !index->by_relay) {
		subnet_index_fini(index);
		return -ENOMEM;
	}
	for (size_t i = 0; i < subnets; i++) {
		index->place[index->places++].subnet = &subnet[i];
		if (subnet[i].interface)
			index->on[index->links++] = &subnet[i];
		if (has_relay(&subnet[i]))
			index->by_relay[index->relayed++] = &subnet[i];
	}
	qsort(index->place, index->places, sizeof(*index->place), compare_places);
	qsort(index->on, index->links, sizeof(*index->on), compare_links);
	find_around(index);
	return 0;
}

void subnet_index_fini(struct subnet_index *index)
{
	free(index->place);
	free(index->on);
	free(index->by_relay);
	*index = (struct subnet_index){0};
}

/* How many subnets begin before the address; if `at` is true, before or at it. */
static size_t count_before(
	const struct subnet_index *index, const struct in6_addr *address, bool at, unsigned *steps)
{
	size_t from = 0, to = index->places;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order =
			compare_addresses(&index->place[middle].subnet->prefix.address, address);

		(*steps)++;
		if (order < 0 || (at && order == 0))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct subnet *subnet_index_find(
	const struct subnet_index *index, const struct in6_addr *address, unsigned *steps)
{
	unsigned uncounted = 0;
	size_t at;

	steps = steps ? steps : &uncounted;
	for (at = count_before(index, address, true, steps); at > 0;
		at = index->place[at - 1].around) {
		(*steps)++;
		if (prefix_contains(&index->place[at - 1].subnet->prefix, address))
			return index->place[at - 1].subnet;
	}
	return NULL;
}

const struct subnet *subnet_index_behind(
	const struct subnet_index *index, const struct in6_addr *address)
{
	unsigned steps = 0;
	size_t at = count_before(index, address, true, &steps);

	return at < index->places ? index->place[at].subnet : NULL;
}

const struct subnet *subnet_index_inside(
	const struct subnet_index *index, const struct prefix *prefix)
{
	unsigned steps = 0;

	for (size_t at = count_before(index, &prefix->address, false, &steps);
		at < index->places &&
		prefix_contains(prefix, &index->place[at].subnet->prefix.address);
		at++)
		if (prefix_covers(prefix, &index->place[at].subnet->prefix))
			return index->place[at].subnet;
	return NULL;
}

const struct subnet *subnet_index_on(const struct subnet_index *index, const char *link_name)
{
	size_t from = 0, to = index->links;

	/* If several have this name, which is a mistake of the operator, the first counts. */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(index->on[middle]->interface, link_name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < index->links && strcmp(index->on[from]->interface, link_name) == 0
		       ? index->on[from]
		       : NULL;
}

bool subnet_index_twins(
	const struct subnet_index *index, const struct subnet **a, const struct subnet **b)
{
	for (size_t i = 1; i < index->places; i++) {
		*a = index->place[i - 1].subnet;
		*b = index->place[i].subnet;
		if (prefix_equal(&(*a)->prefix, &(*b)->prefix))
			return true;
	}
	return false;
}
