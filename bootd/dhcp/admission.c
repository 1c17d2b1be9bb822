/* SPDX-License-Identifier: ISC */
/*
 * Admission: messages through relays that are not trusted are dropped, and each client and each
 * link has a rate limit, so that a flood from one of them costs the others next to nothing.
 *
 * A client is identified by the peer-address that the innermost relay gives, a link by the
 * link-addresses of all relays. The datagram's source is part of both keys, which are hashed with
 * a secret key: no relay can use up the rate of another relay's link by naming it.
 */
#include "bootd/dhcp/leasequery.h"
#include "bootd/dhcp/request.h"
#include "daemon/rate_limit.h"

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
		siphash_add(&hash, &chain->relay[i].link_address,
			sizeof(chain->relay[i].link_address));
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
