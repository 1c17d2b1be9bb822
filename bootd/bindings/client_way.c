/* SPDX-License-Identifier: ISC */
/* One block of memory per way, renewed in place where the client comes the same way again. */
#include "bootd/bindings/client_way.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/bindings/binding_table.h"

enum { RELAY_FORWARD_MAX = 1024 }; /* longer ones are not kept */

int client_ways_init(struct client_ways *ways, size_t slots, uint64_t seed)
{
	ways->by_duid = calloc(slots, sizeof(*ways->by_duid));
	ways->slots = slots;
	ways->seed = seed;
	return ways->by_duid ? 0 : -ENOMEM;
}

void client_ways_fini(struct client_ways *ways)
{
	free(ways->by_duid);
	*ways = (struct client_ways){0};
}

static struct client_way **slot_of(const struct client_ways *ways, const struct dhcp6_duid *duid)
{
	return &ways->by_duid[machine_hash_octets(duid->octets, duid->len, ways->seed) &
			      (ways->slots - 1)];
}

static void link_way(struct client_ways *ways, struct client_way *way)
{
	struct dhcp6_duid duid = binding_duid(way->binding);
	struct client_way **slot = slot_of(ways, &duid);

	way->next = *slot;
	way->place = slot;
	if (way->next)
		way->next->place = &way->next;
	*slot = way;
}

static void unlink_way(struct client_way *way)
{
	*way->place = way->next;
	if (way->next)
		way->next->place = way->place;
}

void client_way_forget(struct client_way *way)
{
	if (!way)
		return;
	unlink_way(way);
	way->binding->way = NULL;
	free(way);
}

/* --- noting ------------------------------------------------------------------------ */

static void put_options(struct wire_out *out, const struct dhcp6_relay *relay)
{
	struct wire_in options = relay->options;
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		if (option.code != DHCP6_OPT_RELAY_MSG)
			dhcp6_put_option(
				out, option.code, option.data.pos, wire_left(&option.data));
}

static void put_relays(struct wire_out *out, const struct dhcp6_chain *chain)
{
	size_t mark[DHCP6_RELAYS_MAX];

	for (unsigned i = 0; i < chain->count; i++) {
		const struct dhcp6_relay *relay = &chain->relay[i];

		dhcp6_put_relay_header(out, relay->type, relay->hop_count, &relay->link_address,
			&relay->peer_address);
		put_options(out, relay);
		if (i + 1 < chain->count)
			mark[i] = dhcp6_open_option(out, DHCP6_OPT_RELAY_MSG);
	}
	for (unsigned i = chain->count; i > 1; i--)
		dhcp6_close_option(out, mark[i - 2]);
}

/* Room for so many octets; a way that is as long is taken as it is. */
static struct client_way *make_way(struct client_ways *ways, struct binding *binding, uint16_t len)
{
	struct client_way *way = binding->way;

	if (way && way->len == len) {
		unlink_way(way);
	} else {
		way = calloc(1, sizeof(*way) + len);
		if (!way)
			return NULL;
		client_way_forget(binding->way);
		way->binding = binding;
		way->len = len;
		binding->way = way;
	}
	link_way(ways, way);
	return way;
}

void client_way_note(struct client_ways *ways, struct binding *binding,
	const struct dhcp6_chain *chain, const struct in6_addr *source, uint64_t now_ms)
{
	uint8_t octets[RELAY_FORWARD_MAX];
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	struct client_way *way;

	if (!ways->by_duid)
		return;
	if (chain)
		put_relays(&out, chain);
	way = make_way(ways, binding, (uint16_t)(out.bad ? 0 : out.len));
	if (!way)
		return;
	way->heard_ms = now_ms;
	way->relay = chain && chain->count > 0 ? *source : in6addr_any;
	memcpy(way->relay_forward, octets, way->len);
}

/* --- asking ------------------------------------------------------------------------ */

struct binding *client_ways_next(
	const struct client_ways *ways, const struct dhcp6_duid *duid, const struct binding *after)
{
	const struct client_way *way;

	if (!ways->by_duid)
		return NULL;
	way = after ? after->way->next : *slot_of(ways, duid);
	while (way && !binding_has_duid(way->binding, duid))
		way = way->next;
	return way ? way->binding : NULL;
}

/* The next relay, from the outermost on; false behind the innermost. */
static bool next_relay(struct wire_in *in, struct dhcp6_relay *relay)
{
	if (wire_left(in) == 0 || dhcp6_relay_read(*in, relay) < 0)
		return false;
	if (!dhcp6_option_find(relay->options, DHCP6_OPT_RELAY_MSG, in))
		*in = wire_in_of(NULL, 0);
	return true;
}

static struct wire_in relays_of(const struct client_way *way)
{
	return way ? wire_in_of(way->relay_forward, way->len) : wire_in_of(NULL, 0);
}

bool client_way_has(const struct client_way *way, uint16_t code, const uint8_t *octets, size_t len)
{
	struct wire_in in = relays_of(way), data;
	struct dhcp6_relay relay;

	while (next_relay(&in, &relay))
		if (dhcp6_option_find(relay.options, code, &data) && wire_left(&data) == len &&
			memcmp(data.pos, octets, len) == 0)
			return true;
	return false;
}

struct in6_addr client_way_link(const struct client_way *way)
{
	struct wire_in in = relays_of(way);
	struct in6_addr link = in6addr_any;
	struct dhcp6_relay relay;

	while (next_relay(&in, &relay))
		if (!IN6_IS_ADDR_UNSPECIFIED(&relay.link_address))
			link = relay.link_address;
	return link;
}
