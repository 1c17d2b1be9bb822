/* SPDX-License-Identifier: ISC */
/*
 * The path of a request, top to bottom: read it, check it (admission.c), decide (decision.c), have
 * the function of its type answer it (message_types.c), and report the answer to the observer once
 * it may be sent. The last part completes requests that waited for the commit of their leases.
 */
#include "bootd/dhcp/exchange.h"

#include <errno.h>
#include <string.h>

#include "bootd/dhcp/answer.h"
#include "bootd/dhcp/proxy.h"
#include "daemon/rate_limit.h"

int exchange_init(struct exchange *exchange, const struct boot_config *config)
{
	int rc;

	*exchange = (struct exchange){.config = config};
	exchange->client_rates = rate_table_new();
	exchange->link_rates = rate_table_new();
	if (!exchange->client_rates || !exchange->link_rates)
		return -ENOMEM;
	rc = binding_table_init(&exchange->bindings, 0);
	return rc < 0 ? rc : exchange_set_config(exchange, config);
}

int exchange_prepare_config(struct exchange *exchange, const struct boot_config *config)
{
	int rc = 0;

	if (config->leasequeries > 0)
		rc = binding_table_keep_transactions(&exchange->bindings);
	return rc < 0 ? rc : address_pools_init(&exchange->next_pools, config);
}

void exchange_commit_config(struct exchange *exchange, const struct boot_config *config)
{
	binding_table_use_pools(&exchange->bindings, &exchange->next_pools);
	exchange->next_pools = (struct address_pools){0};
	exchange->config = config;
	exchange->config_swaps++;
}

void exchange_cancel_config(struct exchange *exchange)
{
	address_pools_fini(&exchange->next_pools);
	exchange->next_pools = (struct address_pools){0};
}

int exchange_set_config(struct exchange *exchange, const struct boot_config *config)
{
	int rc = exchange_prepare_config(exchange, config);

	if (rc == 0)
		exchange_commit_config(exchange, config);
	return rc;
}

void exchange_fini(struct exchange *exchange)
{
	lease_journal_fini(&exchange->leases);
	binding_table_fini(&exchange->bindings);
	rate_table_free(exchange->client_rates);
	rate_table_free(exchange->link_rates);
	proxy_memory_free(exchange->proxied);
}

/* --- read ------------------------------------------------------------------ */

static enum exchange_drop read_request(struct request *r)
{
	struct exchange_counters *counters = &r->exchange->counters;
	struct dhcp6_message message;
	enum exchange_drop drop;
	int rc = dhcp6_chain_read(r->datagram, &r->chain);

	if (rc < 0)
		return rc == -ELOOP    ? DROP_RELAY_LOOP
		       : rc == -EPROTO ? DROP_NOT_FOR_SERVERS
				       : DROP_MALFORMED;
	drop = request_admit(r);
	if (drop)
		return drop;
	if (r->chain.count > 0 && r->retries == 0)
		counters->relayed++;
	if (dhcp6_message_read(r->chain.inner, &message) < 0)
		return DROP_MALFORMED;
	if (r->retries == 0)
		counters->received[message.type < EXCHANGE_TYPES ? message.type : 0]++;
	if (client_facts_read(&r->facts, &r->chain, &message, &r->arrival) < 0)
		return DROP_MALFORMED;
	return EXCHANGE_ANSWERED;
}

/* --- decide ---------------------------------------------------------------- */

static enum exchange_drop decide_request(struct request *r)
{
	const struct exchange *exchange = r->exchange;
	const struct message_type *type = message_type_of(r->facts.type);
	bool has_subnet;

	if (r->arrival.at_boot_server)
		proxy_recall(r);
	if (type->is_requestors)
		return EXCHANGE_ANSWERED;
	has_subnet = type->gives_nothing ? decide_place(&r->decision, exchange->config, &r->facts)
					 : decide(&r->decision, exchange->config,
						   &exchange->bindings, &r->facts, r->now_ms);
	return has_subnet ? EXCHANGE_ANSWERED : DROP_NO_SUBNET;
}

/* --- answer ---------------------------------------------------------------- */

static enum exchange_drop write_answer(struct request *r)
{
	struct wire_out *out = &r->answer.out;
	size_t mark[DHCP6_RELAYS_MAX];
	enum exchange_drop drop;

	answer_open_relays(out, &r->chain, mark);
	r->message_at = out->len;
	r->answer_type = message_answer_type(r);
	answer_put_head(out, r->answer_type, &r->facts, r->exchange->config);
	drop = message_respond(r, out);
	answer_close_relays(out, &r->chain, mark);
	return !drop && out->bad ? DROP_TOO_LARGE : drop;
}

/* To port 547 of a relay (RFC 9915 section 7.2), or to its source port if it requests that (RFC
 * 8357). */
static void address_answer(struct request *r)
{
	const struct arrival *arrival = &r->arrival;
	struct exchange_answer *answer = &r->answer;
	struct wire_in data;

	answer->to = arrival->source;
	answer->port = arrival->at_boot_server || message_type_of(r->facts.type)->is_requestors
			       ? arrival->source_port
			       : DHCP6_CLIENT_PORT;
	if (r->chain.count > 0)
		answer->port =
			dhcp6_option_find(r->chain.relay[0].options, DHCP6_OPT_RELAY_PORT, &data)
				? arrival->source_port
				: DHCP6_SERVER_PORT;
	/* A client that registers an address sends from it, so the answer leaves by the same link,
	 * whatever the routes say. */
	answer->ifindex = IN6_IS_ADDR_LINKLOCAL(&arrival->source) ||
					  (r->chain.count == 0 && arrival->multicast)
				  ? arrival->ifindex
				  : 0;
}

static void note_transaction_of(const struct request *r, const struct in6_addr *address)
{
	struct binding_table *bindings = &r->exchange->bindings;
	struct binding *binding = binding_table_find_address(bindings, address);

	if (binding)
		transaction_record(
			&bindings->transactions, binding, &r->chain, &r->arrival.source, r->now_ms);
}

/* For Leasequery: when and through which relays the client of each address sent its last message.
 */
static void note_transaction(const struct request *r)
{
	if (!r->exchange->bindings.transactions.is_kept || !r->event.with_address)
		return;
	if (r->addresses == 0) /* a registration */
		note_transaction_of(r, &r->decision.address.address);
	for (unsigned i = 0; i < r->addresses; i++)
		note_transaction_of(r, &r->address[i].address);
}

static void report(struct request *r)
{
	r->event.facts = &r->facts;
	r->event.decision = &r->decision;
	r->event.answer_type = r->answer_type;
	r->event.now_ms = r->now_ms;
	if (r->exchange->observe && r->decision.subnet)
		r->exchange->observe(r->exchange->observe_arg, &r->event);
}

static enum exchange_drop find_answer(struct request *r)
{
	enum exchange_drop drop = read_request(r);

	if (!drop)
		drop = request_check(r);
	if (drop == DROP_OTHER_SERVER && decide_place(&r->decision, r->exchange->config, &r->facts))
		proxy_overhear(r);
	if (!drop)
		drop = decide_request(r);
	return drop ? drop : write_answer(r);
}

/* Counts and reports the result of the request. */
static enum exchange_drop finish(struct request *r, enum exchange_drop drop)
{
	struct exchange *exchange = r->exchange;

	exchange->counters.dropped[drop]++;
	if (drop)
		return drop;
	note_transaction(r);
	exchange->counters.sent[r->answer_type]++;
	report(r);
	return EXCHANGE_ANSWERED;
}

static uint64_t host_changes(const struct exchange *exchange)
{
	const struct host_table *files = exchange->config->host_files;

	return files ? files->changes : 0;
}

enum exchange_drop exchange_retry(struct exchange *exchange, struct request *r,
	const struct arrival *arrival, struct wire_in datagram, uint64_t now_ms,
	struct wire_out out, unsigned retries)
{
	enum exchange_drop drop;

	*r = (struct request){.exchange = exchange,
		.arrival = *arrival,
		.datagram = datagram,
		.now_ms = now_ms,
		.retries = retries,
		.answer = {.out = out}};
	drop = find_answer(r);
	if (drop == EXCHANGE_RETRY)
		return drop;
	if (!drop)
		address_answer(r);
	if (drop || !r->is_pending)
		return finish(r, drop);
	r->config_swaps = exchange->config_swaps;
	r->host_changes = host_changes(exchange);
	return EXCHANGE_PENDING;
}

enum exchange_drop exchange_handle(struct exchange *exchange, struct request *r,
	const struct arrival *arrival, struct wire_in datagram, uint64_t now_ms,
	struct wire_out out)
{
	return exchange_retry(exchange, r, arrival, datagram, now_ms, out, 0);
}

/* --- pending requests ---------------------------------------------------------- */

/* The views of chain and facts are read again from the copy, which is the same octets. */
void request_move(struct request *to, const struct request *from, const struct arrival *arrival,
	struct wire_in datagram, struct wire_out answer)
{
	struct dhcp6_message message;

	*to = *from;
	to->arrival = *arrival;
	to->datagram = datagram;
	to->answer.out = answer;
	dhcp6_chain_read(datagram, &to->chain);
	dhcp6_message_read(to->chain.inner, &message);
	client_facts_read(&to->facts, &to->chain, &message, &to->arrival);
}

int exchange_commit(struct exchange *exchange, uint64_t now_ms)
{
	return lease_journal_has_changes(&exchange->leases) && !exchange->leases.is_busy
		       ? lease_journal_commit(&exchange->leases, &exchange->bindings, now_ms)
		       : 0;
}

void exchange_committed(struct exchange *exchange, int rc, const bool *refused, uint64_t now_ms)
{
	lease_journal_committed(&exchange->leases, &exchange->bindings, rc, refused, now_ms);
}

/* How much longer the store has the address for the machine that it was promised to. */
static uint32_t stored_s(const struct request *r, const struct promise *promise)
{
	const struct binding *binding =
		binding_table_find_address(&r->exchange->bindings, &promise->choice.address);

	return binding && binding_is_of(binding, &promise->machine)
		       ? lease_journal_stored_s(binding, r->now_ms)
		       : 0;
}

static bool is_outdated(const struct request *r)
{
	return r->config_swaps != r->exchange->config_swaps ||
	       r->host_changes != host_changes(r->exchange);
}

/* T1 and T2 of all IAs are the same (section 18.3.4), so the least time counts for all. */
static uint32_t least_stored_s(const struct request *r)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < r->promises; i++) {
		uint32_t stored = stored_s(r, &r->promise[i]);

		least = stored < least ? stored : least;
	}
	return least;
}

enum exchange_drop exchange_complete(struct request *r, uint64_t now_ms)
{
	bool may_retry = r->exchange->leases.has_refused && r->retries < EXCHANGE_RETRIES_MAX;
	uint32_t stored;

	r->now_ms = now_ms;
	if (is_outdated(r))
		return EXCHANGE_RETRY;
	stored = least_stored_s(r);
	for (unsigned i = 0; i < r->promises; i++) {
		struct promise *promise = &r->promise[i];

		if (stored >= promise->choice.valid_s)
			continue;
		if (may_retry)
			return EXCHANGE_RETRY;
		address_limit(&promise->choice, stored);
		if (!promise->choice.given)
			return finish(r, DROP_NOT_STORED);
		answer_set_lifetimes(
			&r->answer.out, promise->ia_at, promise->iaaddr_at, &promise->choice);
		address_limit(&r->decision.address, stored);
	}
	return finish(r, EXCHANGE_ANSWERED);
}
