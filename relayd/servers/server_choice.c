/* SPDX-License-Identifier: ISC */
/*
 * The choice among servers. `hash` is rendezvous hashing (highest random weight): if a server
 * fails, only its own clients move to others, and they return when it is back.
 */
#include "relayd/servers/server_choice.h"

#include "daemon/mix.h"
#include "dhcp6/message.h"

bool server_choice_usable(const struct server_path *server, int64_t now_ms)
{
	return server->error == 0 && !server_path_is_silent(server, now_ms);
}

/* The client's DUID, or the message's first four octets if it has none. */
static struct wire_in client_key(struct wire_in message)
{
	struct dhcp6_chain chain;
	struct dhcp6_message inner;
	struct wire_in duid;

	if (dhcp6_chain_read(message, &chain) == 0 &&
		dhcp6_message_read(chain.inner, &inner) == 0 &&
		dhcp6_option_find(inner.options, DHCP6_OPT_CLIENTID, &duid))
		return duid;
	return wire_get_sub(&message, wire_left(&message) < 4 ? wire_left(&message) : 4);
}

static uint64_t weight_of(const struct server_path *server, struct wire_in key)
{
	uint64_t hash = mix_in6(0, &server->address);

	while (wire_left(&key) >= 4)
		hash = mix_u64(hash, wire_get_u32(&key));
	while (wire_left(&key) > 0)
		hash = mix_u64(hash, wire_get_u8(&key));
	return hash;
}

static unsigned choose_by_hash(
	const struct server_list *list, unsigned usable, struct wire_in message)
{
	struct wire_in key = client_key(message);
	uint64_t best_weight = 0;
	unsigned best = 0;

	for (size_t i = 0; i < list->count; i++) {
		uint64_t weight = weight_of(&list->server[i], key);

		if ((usable & 1u << i) && (!best || weight > best_weight)) {
			best = 1u << i;
			best_weight = weight;
		}
	}
	return best;
}

/* The silent servers that are due for another message. */
static unsigned due_for_a_try(const struct server_list *list, unsigned usable, int64_t now_ms)
{
	unsigned due = 0;

	for (size_t i = 0; i < list->count; i++)
		if (!(usable & 1u << i) && list->server[i].error == 0 &&
			now_ms - list->server[i].last_sent_ms >= SERVER_TRY_EVERY_MS)
			due |= 1u << i;
	return due;
}

unsigned server_choice(
	const struct server_list *list, unsigned allowed, struct wire_in message, int64_t now_ms)
{
	unsigned all = list->sendable & allowed, usable = 0, chosen;

	if (list->conf->forward == RELAY_FORWARD_ALL)
		return all;
	for (size_t i = 0; i < list->count; i++)
		if ((allowed & 1u << i) && server_choice_usable(&list->server[i], now_ms))
			usable |= 1u << i;
	if (!usable)
		return all;
	chosen = list->conf->forward == RELAY_FORWARD_FIRST
			 ? usable & -usable
			 : choose_by_hash(list, usable, message);
	return chosen | (due_for_a_try(list, usable, now_ms) & allowed);
}
