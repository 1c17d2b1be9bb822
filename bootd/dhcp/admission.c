/* SPDX-License-Identifier: ISC */
/*
 * Messages that are not answered: admission before a message is read, the checks of RFC 9915
 * section 16 afterwards, and the line of log that says why there is no answer.
 *
 * Admission: messages through relays that are not trusted are dropped, and each client and each
 * link has a rate limit, so that a flood from one of them costs the others next to nothing. A
 * client is identified by the peer-address that the innermost relay gives, a link by the
 * link-addresses of all relays. The datagram's source is part of both keys, which are hashed with
 * a secret key: no relay can use up the rate of another relay's link by naming it.
 */
#include <stdio.h>
#include <string.h>

#include "bootd/dhcp/leasequery.h"
#include "bootd/dhcp/request.h"
#include "daemon/log.h"
#include "daemon/rate_limit.h"
#include "dhcp6/names.h"

/* --- admission ------------------------------------------------------------------ */

static bool is_trusted(const struct boot_config *config, const struct in6_addr *relay)
{
	for (size_t i = 0; i < config->trusted_relays; i++)
		if (prefix_contains(&config->trusted_relay[i], relay))
			return true;
	return config->trusted_relays == 0;
}

/* The client's link, by the fields that the subnet is found by (decision.c). */
static uint64_t link_key(const struct request *r)
{
	const struct dhcp6_chain *chain = &r->chain;
	struct siphash hash = rate_table_hash(r->exchange->link_rates);

	if (chain->count == 0)
		return (unsigned)r->arrival.ifindex;
	siphash_add(&hash, &r->arrival.source, sizeof(r->arrival.source));
	for (unsigned i = 0; i < chain->count; i++)
		siphash_add(
			&hash, &chain->relay[i].link_address, sizeof(chain->relay[i].link_address));
	return siphash_end(&hash);
}

/* Leasequery requestors may query all leases one by one. */
static bool is_requestor(const struct request *r)
{
	return r->chain.count == 0 && !r->arrival.multicast &&
	       leasequery_is_allowed(r->exchange->config, &r->arrival.source);
}

/* The client's rate first, so that one noisy client does not use up the rate of its link. */
static enum exchange_drop check_rates(const struct request *r)
{
	const struct exchange *exchange = r->exchange;
	const struct boot_config *config = exchange->config;
	const struct dhcp6_chain *chain = &r->chain;
	const struct in6_addr *client = chain->count > 0
						? &chain->relay[chain->count - 1].peer_address
						: &r->arrival.source;
	int64_t now_ms = (int64_t)r->now_ms;
	uint64_t link;

	if (!exchange->client_rates || (config->client_rate == 0 && config->link_rate == 0) ||
		is_requestor(r))
		return EXCHANGE_ANSWERED;
	link = link_key(r);
	if (!rate_table_take(exchange->client_rates, link, client, config->client_rate, now_ms))
		return DROP_CLIENT_RATE;
	if (!rate_table_take(exchange->link_rates, link, &in6addr_any, config->link_rate, now_ms))
		return DROP_LINK_RATE;
	return EXCHANGE_ANSWERED;
}

enum exchange_drop request_admit(const struct request *r)
{
	if (r->chain.count > 0 && !is_trusted(r->exchange->config, &r->arrival.source))
		return DROP_UNTRUSTED_RELAY;
	return r->retries > 0 ? EXCHANGE_ANSWERED : check_rates(r);
}

/* --- the checks of RFC 9915 section 16 ----------------------------------------- */

static bool is_our_server_id(const struct request *r)
{
	const struct dhcp6_duid *ours = &r->exchange->config->server_duid;

	return wire_left(&r->facts.server_id) == ours->len &&
	       memcmp(r->facts.server_id.pos, ours->octets, ours->len) == 0;
}

enum exchange_drop request_check(const struct request *r)
{
	const struct client_facts *facts = &r->facts;
	const struct message_type *type = message_type_of(facts->type);

	if (!type)
		return DROP_NOT_FOR_SERVERS;
	if (r->arrival.at_boot_server && (r->chain.count > 0 || facts->type != DHCP6_REQUEST))
		return DROP_NOT_FOR_SERVERS;
	if (r->chain.count == 0 && (!r->arrival.multicast || r->arrival.to_servers) &&
		!r->arrival.at_boot_server && !type->is_requestors)
		return DROP_UNICAST;
	/* Without the frame's MAC only unverified identifiers are left, by which a stranger could
	   pass for another machine. */
	if (r->chain.count == 0 && r->arrival.multicast && r->arrival.sees_frames &&
		!r->arrival.mac)
		return DROP_NO_FRAME_MAC;
	if (type->client_id == REQUIRED && !facts->has_client_id)
		return DROP_NO_CLIENT_ID;
	if (type->server_id == REQUIRED && !facts->has_server_id)
		return DROP_NO_SERVER_ID;
	if (type->server_id == FORBIDDEN && facts->has_server_id)
		return DROP_WITH_SERVER_ID;
	if (facts->has_server_id && !is_our_server_id(r))
		return DROP_OTHER_SERVER;
	return EXCHANGE_ANSWERED;
}

/* --- why there is no answer ------------------------------------------------------ */

const char *exchange_drop_name(enum exchange_drop drop)
{
	static const char *const name_of[] = {
#define EXCHANGE_DROP_NAME(code, name, text) [code] = name,
		EXCHANGE_DROP_LIST(EXCHANGE_DROP_NAME)
#undef EXCHANGE_DROP_NAME
	};

	return name_of[drop];
}

const char *exchange_drop_text(enum exchange_drop drop)
{
	static const char *const text_of[] = {
#define EXCHANGE_DROP_TEXT(code, name, text) [code] = text,
		EXCHANGE_DROP_LIST(EXCHANGE_DROP_TEXT)
#undef EXCHANGE_DROP_TEXT
	};

	return text_of[drop];
}

enum { CLIENT_TEXT = DHCP6_DUID_TEXT, PATH_TEXT = 2 * INET6_ADDRSTRLEN + 64 };

/* The client as the operator knows it: its MAC, or its DUID, or its address. */
static const char *client_text(const struct request *r, char text[CLIENT_TEXT])
{
	const struct client_facts *facts = &r->facts;

	if (facts->mac_source != CLIENT_MAC_UNKNOWN)
		return dhcp6_mac_format(facts->mac, text);
	if (facts->has_client_id && facts->duid.len > 0)
		return dhcp6_duid_format(&facts->duid, text);
	return dhcp6_address_format(r->chain.count > 0
					    ? &r->chain.relay[r->chain.count - 1].peer_address
					    : &r->arrival.source,
		text);
}

static const char *path_text(const struct request *r, char text[PATH_TEXT])
{
	char relay[INET6_ADDRSTRLEN], link[INET6_ADDRSTRLEN];

	*text = '\0';
	if (r->chain.count > 0)
		snprintf(text, PATH_TEXT, " via relay %s (link-address %s)",
			dhcp6_address_format(&r->arrival.source, relay),
			dhcp6_address_format(
				&r->chain.relay[r->chain.count - 1].link_address, link));
	else if (r->arrival.link_name)
		snprintf(text, PATH_TEXT, " on %s", r->arrival.link_name);
	return text;
}

/* An operator must be able to find out why a machine gets no answer. */
void request_log_drop(const struct request *r, enum exchange_drop drop)
{
	static struct log_limit limit[EXCHANGE_DROPS];
	bool is_normal = drop == DROP_OTHER_SERVER || drop == DROP_NOT_FOR_SERVERS;
	const char *type = dhcp6_message_name(r->facts.type);
	char client[CLIENT_TEXT], path[PATH_TEXT];
	struct log_fields fields = {
		.link = r->arrival.link_name, .reason = exchange_drop_name(drop)};

	client_text(r, client);
	if (r->facts.mac_source != CLIENT_MAC_UNKNOWN ||
		(r->facts.has_client_id && r->facts.duid.len > 0))
		fields.mac = client;
	log_limited_with(&limit[drop], is_normal ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE, &fields,
		"no answer to %s from %s%s: %s: %s", type ? type : "a datagram", client,
		path_text(r, path), exchange_drop_name(drop), exchange_drop_text(drop));
}
