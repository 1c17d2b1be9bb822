/* SPDX-License-Identifier: ISC */
/*
 * Leasequery (RFC 5007, RFC 5460): reads a query, one function per type; finds the bindings that it
 * asks for; writes the data of each client. A client is a DUID on a link, with all its addresses
 * there, whatever interface or IA they belong to.
 */
#include "bootd/dhcp/leasequery.h"

#include <string.h>

#include "bootd/bindings/last_transaction.h"
#include "bootd/dhcp/answer.h"

enum { HW_ETHERNET = 1, LINKS_MAX = 64 };

bool leasequery_is_allowed(const struct boot_config *config, const struct in6_addr *peer)
{
	for (size_t i = 0; i < config->leasequeries; i++)
		if (prefix_contains(&config->leasequery[i], peer))
			return true;
	return false;
}

/* --- reading ------------------------------------------------------------------------ */

static bool read_address(struct leasequery *query, struct wire_in options)
{
	struct dhcp6_iaaddr address;
	struct wire_in data;

	if (!dhcp6_option_find(options, DHCP6_OPT_IAADDR, &data) ||
		dhcp6_get_iaaddr(data, &address) < 0)
		return false;
	query->address = address.address;
	return true;
}

static bool read_client_id(struct leasequery *query, struct wire_in options)
{
	struct wire_in data;

	return dhcp6_option_find(options, DHCP6_OPT_CLIENTID, &data) &&
	       dhcp6_duid_read(data, &query->duid) == 0;
}

static bool read_key(struct leasequery *query, struct wire_in options, uint16_t code)
{
	struct wire_in data;

	if (!dhcp6_option_find(options, code, &data) || wire_left(&data) == 0 ||
		wire_left(&data) > LEASEQUERY_KEY_MAX)
		return false;
	query->key_len = (uint16_t)wire_left(&data);
	memcpy(query->key, data.pos, query->key_len);
	return true;
}

static bool read_relay_id(struct leasequery *query, struct wire_in options)
{
	return read_key(query, options, DHCP6_OPT_RELAY_ID);
}

static bool read_remote_id(struct leasequery *query, struct wire_in options)
{
	return read_key(query, options, DHCP6_OPT_REMOTE_ID);
}

static bool read_link(struct leasequery *query, struct wire_in options)
{
	(void)options;
	return query->has_link;
}

static const struct {
	bool is_bulk;
	bool (*read)(struct leasequery *query, struct wire_in options);
} kind[] = {
	[DHCP6_QUERY_BY_ADDRESS] = {false, read_address},
	[DHCP6_QUERY_BY_CLIENT_ID] = {false, read_client_id},
	[DHCP6_QUERY_BY_RELAY_ID] = {true, read_relay_id},
	[DHCP6_QUERY_BY_LINK_ADDRESS] = {true, read_link},
	[DHCP6_QUERY_BY_REMOTE_ID] = {true, read_remote_id},
};

enum { KINDS = sizeof(kind) / sizeof(kind[0]) };

static void read_oro(struct leasequery *query, struct wire_in options)
{
	struct wire_in oro;

	if (!dhcp6_option_find(options, DHCP6_OPT_ORO, &oro))
		return;
	query->with_relays = dhcp6_code_listed(oro, DHCP6_OPT_LQ_RELAY_DATA);
	query->with_mac = dhcp6_code_listed(oro, DHCP6_OPT_CLIENT_LINKLAYER_ADDR);
}

/* The link that the query names, or else the one of its address, must be configured here. */
static bool find_link(struct leasequery *query, const struct boot_config *config,
	const struct in6_addr *link_address)
{
	bool is_named = !IN6_IS_ADDR_UNSPECIFIED(link_address);
	const struct subnet *subnet;

	if (!is_named && query->type != DHCP6_QUERY_BY_ADDRESS)
		return true;
	subnet = boot_config_subnet_of(config, is_named ? link_address : &query->address);
	if (subnet) {
		query->link = subnet->prefix;
		query->has_link = true;
	}
	return subnet;
}

uint16_t leasequery_read(struct leasequery *query, const struct boot_config *config,
	struct wire_in options, bool is_bulk)
{
	struct dhcp6_lq_query asked;
	struct wire_in data;

	*query = (struct leasequery){0};
	if (!dhcp6_option_find(options, DHCP6_OPT_LQ_QUERY, &data) ||
		dhcp6_get_lq_query(data, &asked) < 0)
		return DHCP6_STATUS_MALFORMED_QUERY;
	if (asked.type >= KINDS || !kind[asked.type].read)
		return DHCP6_STATUS_UNKNOWN_QUERY_TYPE;
	if (kind[asked.type].is_bulk && !is_bulk)
		return DHCP6_STATUS_NOT_ALLOWED;
	query->type = asked.type;
	query->has_link = !IN6_IS_ADDR_UNSPECIFIED(&asked.link_address);
	if (!kind[asked.type].read(query, asked.options))
		return DHCP6_STATUS_MALFORMED_QUERY;
	read_oro(query, asked.options);
	return find_link(query, config, &asked.link_address) ? DHCP6_STATUS_SUCCESS
							     : DHCP6_STATUS_NOT_CONFIGURED;
}

/* --- which bindings ------------------------------------------------------------------ */

/*
 * RFC 5007 section 4.1.2.2: addresses that DHCPv6 has assigned and that are valid. Addresses that
 * machines have registered, or that another server gave, are not reported.
 */
static bool is_reported(const struct leasequery *query, const struct binding *binding)
{
	return binding->has_address && binding->expires_ms > query->now_ms &&
	       binding->state == BINDING_BOUND;
}

/* A client on a link. */
struct client {
	const struct prefix *link;
	struct dhcp6_duid duid;
};

static struct client client_of(const struct binding *binding)
{
	return (struct client){.link = &binding->subnet, .duid = binding_duid(binding)};
}

static const struct binding *next_of_client(const struct leasequery *query,
	const struct binding_table *bindings, const struct client *client,
	const struct binding *after)
{
	const struct binding *binding = after;

	do
		binding = transaction_table_next(&bindings->transactions, &client->duid, binding);
	while (binding &&
		!(is_reported(query, binding) && prefix_equal(&binding->subnet, client->link)));
	return binding;
}

static bool is_asked_for(const struct leasequery *query, const struct binding *binding)
{
	switch (query->type) {
	case DHCP6_QUERY_BY_ADDRESS:
		return IN6_ARE_ADDR_EQUAL(&binding->address, &query->address);
	case DHCP6_QUERY_BY_CLIENT_ID:
		return binding_has_duid(binding, &query->duid);
	case DHCP6_QUERY_BY_RELAY_ID:
		return transaction_has_option(
			binding->transaction, DHCP6_OPT_RELAY_ID, query->key, query->key_len);
	case DHCP6_QUERY_BY_REMOTE_ID:
		return transaction_has_option(
			binding->transaction, DHCP6_OPT_REMOTE_ID, query->key, query->key_len);
	default:
		return true; /* by link */
	}
}

static bool matches_alone(const struct leasequery *query, const struct binding *binding)
{
	return is_reported(query, binding) &&
	       (!query->has_link || prefix_equal(&query->link, &binding->subnet)) &&
	       is_asked_for(query, binding);
}

bool leasequery_matches(const struct leasequery *query, const struct binding_table *bindings,
	const struct binding *binding)
{
	const struct binding *first;
	struct client client;

	if (!matches_alone(query, binding))
		return false;
	if (!binding->transaction)
		return true; /* there was no memory for its transaction: it is sent alone */
	client = client_of(binding);
	first = next_of_client(query, bindings, &client, NULL);
	while (first && first != binding && !matches_alone(query, first))
		first = next_of_client(query, bindings, &client, first);
	return first == binding;
}

/* --- the answer -------------------------------------------------------------------- */

static uint32_t seconds(uint64_t ms)
{
	return ms / 1000 < DHCP6_INFINITY ? (uint32_t)(ms / 1000) : DHCP6_INFINITY;
}

static uint64_t last_transaction_ms(const struct binding *binding)
{
	return binding->transaction ? binding->transaction->at_ms : binding->since_ms;
}

/* The preferred lifetime is three quarters of the valid lifetime that was given. */
static void put_address(
	struct wire_out *out, const struct leasequery *query, const struct binding *binding)
{
	uint64_t last_ms = last_transaction_ms(binding), expires = binding->expires_ms;
	uint64_t left = expires > query->now_ms ? expires - query->now_ms : 0;
	uint64_t late = expires > last_ms ? (expires - last_ms) / 4 : 0;

	dhcp6_put_iaaddr(
		out, &binding->address, seconds(left > late ? left - late : 0), seconds(left));
}

/* RFC 5007 section 4.1.2.4. */
static void put_relays(struct wire_out *out, const struct last_transaction *last)
{
	size_t mark;

	if (!last || last->len == 0)
		return;
	mark = dhcp6_open_option(out, DHCP6_OPT_LQ_RELAY_DATA);
	wire_put_in6(out, &last->relay);
	wire_put_bytes(out, last->relay_forward, last->len);
	dhcp6_close_option(out, mark);
}

void leasequery_put_client(struct wire_out *out, const struct leasequery *query,
	const struct binding_table *bindings, const struct binding *binding)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_CLIENT_DATA);
	const struct binding *own = NULL, *last = binding;
	struct client client = client_of(binding);
	struct machine machine;

	dhcp6_put_option(out, DHCP6_OPT_CLIENTID, client.duid.octets, client.duid.len);
	if (!binding->transaction)
		put_address(out, query, binding);
	while ((own = next_of_client(query, bindings, &client, own))) {
		put_address(out, query, own);
		if (last_transaction_ms(own) > last_transaction_ms(last))
			last = own;
	}
	dhcp6_put_u32_option(out, DHCP6_OPT_CLT_TIME,
		query->now_ms > last_transaction_ms(last)
			? seconds(query->now_ms - last_transaction_ms(last))
			: 0);
	if (query->with_relays)
		put_relays(out, last->transaction);
	machine = binding_machine(last);
	if (query->with_mac && machine.is_mac)
		dhcp6_put_linklayer(out, HW_ETHERNET, machine.octets, DHCP6_MAC_LEN);
	dhcp6_close_option(out, mark);
}

/* --- answers over UDP (RFC 5007) ------------------------------------------------------------ */

static struct in6_addr link_of(const struct binding *binding)
{
	struct in6_addr link = transaction_link_address(binding->transaction);

	return prefix_contains(&binding->subnet, &link) ? link : binding->subnet.address;
}

/* If the client is on several links, only their addresses are sent (section 4.1.2.5). */
static void put_client_anywhere(
	struct wire_out *out, const struct leasequery *query, const struct binding_table *bindings)
{
	const struct binding *binding = NULL, *first = NULL;
	struct in6_addr link[LINKS_MAX];
	size_t links = 0;

	while ((binding = transaction_table_next(&bindings->transactions, &query->duid, binding)) &&
		links < LINKS_MAX) {
		if (!leasequery_matches(query, bindings, binding))
			continue;
		if (links == 0)
			first = binding;
		link[links++] = link_of(binding);
	}
	if (links == 1)
		leasequery_put_client(out, query, bindings, first);
	else
		dhcp6_put_addresses(out, DHCP6_OPT_LQ_CLIENT_LINK, link, links);
}

/* The answer to a query of RFC 5007: Client Data, or the links that the client is on, or nothing.
 */
static void put_answer(
	struct wire_out *out, const struct leasequery *query, const struct binding_table *bindings)
{
	const struct binding *binding;

	if (query->type == DHCP6_QUERY_BY_CLIENT_ID) {
		put_client_anywhere(out, query, bindings);
		return;
	}
	binding = binding_table_find_address(bindings, &query->address);
	if (binding && matches_alone(query, binding))
		leasequery_put_client(out, query, bindings, binding);
}

/* The sender of the datagram, all relays, and the requestor must be allowed. */
static bool is_path_allowed(const struct request *r)
{
	const struct boot_config *config = r->exchange->config;

	if (!leasequery_is_allowed(config, &r->arrival.source))
		return false;
	for (unsigned i = 0; i < r->chain.count; i++)
		if (!leasequery_is_allowed(config, &r->chain.relay[i].peer_address))
			return false;
	return true;
}

enum exchange_drop respond_leasequery(struct request *r, struct wire_out *out)
{
	const struct exchange *exchange = r->exchange;
	struct leasequery query = {0};
	uint16_t status = DHCP6_STATUS_NOT_ALLOWED;
	struct wire_in data;

	/* RFC 5007 section 4.2.1 */
	if (!dhcp6_option_find(r->facts.options, DHCP6_OPT_LQ_QUERY, &data))
		return DROP_NO_QUERY;
	if (is_path_allowed(r))
		status = leasequery_read(&query, exchange->config, r->facts.options, false);
	query.now_ms = r->now_ms;
	if (status)
		answer_put_status(out, status);
	else
		put_answer(out, &query, &exchange->bindings);
	return EXCHANGE_ANSWERED;
}
