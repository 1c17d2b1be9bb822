/* SPDX-License-Identifier: ISC */
/*
 * The way of a request, top to bottom: read it, check it (RFC 9915 section 16),
 * decide, have it answered by type (dialogue.c), wrap it back.
 */
#include "bootd/dhcp/exchange.h"

#include <errno.h>
#include <string.h>

#include "bootd/dhcp/answer.h"
#include "bootd/dhcp/dialogue.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/rules/conditions.h"
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

int exchange_set_config(struct exchange *exchange, const struct boot_config *config)
{
	int rc = 0;

	if (config->leasequeries > 0)
		rc = binding_table_keep_transactions(&exchange->bindings);
	if (rc == 0)
		rc = binding_table_set_pools(&exchange->bindings, config);
	if (rc == 0)
		exchange->config = config;
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

/* Not handed in before, and not counted yet. */
static bool is_new(const struct request *r)
{
	return !r->is_settled && r->arrival->put_off == 0;
}

static enum exchange_drop read_request(struct request *r, struct wire_in datagram)
{
	struct exchange_counters *counters = &r->exchange->counters;
	struct dhcp6_message message;
	enum exchange_drop drop;
	int rc = dhcp6_chain_read(datagram, &r->chain);

	if (rc < 0)
		return rc == -ELOOP    ? DROP_RELAY_LOOP
		       : rc == -EPROTO ? DROP_NOT_FOR_SERVERS
				       : DROP_MALFORMED;
	drop = request_admit(r);
	if (drop)
		return drop;
	if (r->chain.count > 0 && is_new(r))
		counters->relayed++;
	if (dhcp6_message_read(r->chain.inner, &message) < 0)
		return DROP_MALFORMED;
	if (is_new(r))
		counters->received[message.type < EXCHANGE_TYPES ? message.type : 0]++;
	if (client_facts_read(&r->facts, &r->chain, &message, r->arrival) < 0)
		return DROP_MALFORMED;
	return EXCHANGE_ANSWERED;
}

/* --- check ----------------------------------------------------------------- */

static bool is_our_server_id(const struct request *r)
{
	const struct dhcp6_duid *ours = &r->exchange->config->server_duid;

	return wire_left(&r->facts.server_id) == ours->len &&
	       memcmp(r->facts.server_id.pos, ours->octets, ours->len) == 0;
}

static enum exchange_drop check_request(const struct request *r)
{
	const struct client_facts *facts = &r->facts;
	const struct dialogue *d = dialogue_of(facts->type);

	if (!d)
		return DROP_NOT_FOR_SERVERS;
	if (r->arrival->at_boot_server && (r->chain.count > 0 || facts->type != DHCP6_REQUEST))
		return DROP_NOT_FOR_SERVERS;
	if (r->chain.count == 0 && !r->arrival->multicast && !r->arrival->at_boot_server &&
		!d->is_no_clients)
		return DROP_UNICAST;
	if (d->client_id == WANTED && !facts->has_client_id)
		return DROP_NO_CLIENT_ID;
	if (d->server_id == WANTED && !facts->has_server_id)
		return DROP_NO_SERVER_ID;
	if (d->server_id == UNWANTED && facts->has_server_id)
		return DROP_WITH_SERVER_ID;
	if (facts->has_server_id && !is_our_server_id(r))
		return DROP_OTHER_SERVER;
	return EXCHANGE_ANSWERED;
}

/* --- decide ---------------------------------------------------------------- */

static const struct subnet *find_subnet(
	const struct boot_config *config, const struct client_facts *facts)
{
	const struct subnet *subnet = NULL;

	if (facts->relays > 0)
		return IN6_IS_ADDR_UNSPECIFIED(&facts->link_address)
			       ? NULL
			       : boot_config_subnet_of(config, &facts->link_address);
	if (facts->link_name)
		subnet = boot_config_subnet_on(config, facts->link_name);
	for (size_t i = 0; !subnet && i < facts->on_links; i++)
		subnet = boot_config_subnet_of(config, &facts->on_link[i]);
	return subnet;
}

/* Who asks from where: all that is to be known where nothing is given. */
static bool decide_place(const struct boot_config *config, const struct client_facts *facts,
	struct decision *decision)
{
	struct host_choice host;

	*decision = (struct decision){.subnet = find_subnet(config, facts)};
	if (!decision->subnet)
		return false;
	host = host_choose(config, facts, decision->subnet);
	decision->host = host.host;
	decision->host_by = host.by;
	decision->class = conditions_choose_class(decision->subnet, facts, host.host);
	client_machine(facts, &decision->machine);
	return true;
}

const struct address_plan *decision_plan(const struct decision *decision)
{
	return decision->class ? &decision->class->plan : &decision->subnet->plan;
}

bool exchange_decide(const struct boot_config *config, const struct binding_table *bindings,
	const struct client_facts *facts, struct decision *decision)
{
	struct boot_values values = {0};

	if (!decide_place(config, facts, decision))
		return false;
	if (decision->machine.len > 0)
		address_choose(&decision->address, config, bindings, decision->subnet,
			decision_plan(decision), decision->host, &decision->machine,
			facts->archs > 0);
	if (config->has_variables)
		boot_values_of_client(&values, config, facts, decision->subnet, decision->host,
			decision->address.given ? &decision->address.address : NULL);
	boot_rule_choose(&decision->boot, config, facts, decision->subnet, decision->host, &values);
	return true;
}

static bool decide(struct request *r)
{
	const struct exchange *exchange = r->exchange;
	const struct dialogue *d = dialogue_of(r->facts.type);

	if (r->arrival->at_boot_server)
		proxy_recall(r);
	if (d->is_no_clients)
		return true;
	return d->gives_nothing ? decide_place(exchange->config, &r->facts, &r->decision)
				: exchange_decide(exchange->config, &exchange->bindings, &r->facts,
					  &r->decision);
}

/* How much longer the store has the address that was chosen for the machine. */
static uint32_t stored_s(const struct request *r)
{
	const struct binding *binding =
		binding_table_find_address(&r->exchange->bindings, &r->decision.address.address);

	return binding && binding_is_of(binding, &r->decision.machine)
		       ? lease_journal_stored_s(binding, r->now_ms)
		       : 0;
}

/*
 * After the commit a lease is worth what the store has of it. One that was refused is tried
 * again, by what has been learnt of the other servers.
 */
static enum exchange_drop limit_to_store(struct request *r)
{
	struct address_choice *choice = &r->decision.address;
	uint32_t most_s;

	if (!r->is_settled || !choice->is_lease)
		return EXCHANGE_ANSWERED;
	most_s = stored_s(r);
	if (most_s < choice->valid_s && r->exchange->leases.has_refused &&
		r->arrival->put_off < EXCHANGE_TRIES_MOST)
		return EXCHANGE_LATER;
	address_limit(choice, most_s);
	return choice->given ? EXCHANGE_ANSWERED : DROP_NOT_STORED;
}

/* --- answer ---------------------------------------------------------------- */

static enum exchange_drop write_answer(struct request *r, struct wire_out *out)
{
	size_t mark[DHCP6_RELAYS_MAX];
	enum exchange_drop drop;

	answer_open_relays(out, &r->chain, mark);
	r->message_at = out->len;
	r->answer_type = dialogue_answer(r);
	answer_put_head(out, r->answer_type, &r->facts, r->exchange->config);
	drop = dialogue_respond(r, out);
	answer_close_relays(out, &r->chain, mark);
	return !drop && out->bad ? DROP_TOO_LARGE : drop;
}

/* To a relay's port 547 (RFC 9915 section 7.2), or where it sent from if it says so (RFC 8357). */
static void address_answer(const struct request *r, struct exchange_answer *answer)
{
	const struct arrival *arrival = r->arrival;
	struct wire_in data;

	answer->to = arrival->source;
	answer->port = arrival->at_boot_server || dialogue_of(r->facts.type)->is_no_clients
			       ? arrival->source_port
			       : DHCP6_CLIENT_PORT;
	if (r->chain.count > 0)
		answer->port =
			dhcp6_option_find(r->chain.relay[0].options, DHCP6_OPT_RELAY_PORT, &data)
				? arrival->source_port
				: DHCP6_SERVER_PORT;
	/* Who registers asks from that address: it is on the link, whatever the routes say. */
	answer->ifindex = IN6_IS_ADDR_LINKLOCAL(&arrival->source) ||
					  (r->chain.count == 0 && arrival->multicast)
				  ? arrival->ifindex
				  : 0;
}

/* Who has an address was heard just now, and how: Leasequery asks for it. */
static void note_way(const struct request *r)
{
	struct binding_table *bindings = &r->exchange->bindings;
	struct binding *binding;

	if (!bindings->transactions.is_kept || !r->event.with_address)
		return;
	binding = binding_table_find_address(bindings, &r->decision.address.address);
	if (binding)
		transaction_record(&bindings->transactions, binding, &r->chain, &r->arrival->source,
			r->now_ms);
}

static void tell(struct request *r)
{
	r->event.facts = &r->facts;
	r->event.decision = &r->decision;
	r->event.answer_type = r->answer_type;
	r->event.now_ms = r->now_ms;
	if (r->exchange->observe && r->decision.subnet)
		r->exchange->observe(r->exchange->observe_arg, &r->event);
}

static enum exchange_drop find_answer(
	struct request *r, struct wire_in datagram, struct wire_out *out)
{
	enum exchange_drop drop = read_request(r, datagram);

	if (!drop)
		drop = check_request(r);
	if (drop == DROP_OTHER_SERVER && decide_place(r->exchange->config, &r->facts, &r->decision))
		proxy_overhear(r);
	if (!drop && !decide(r))
		drop = DROP_NO_SUBNET;
	if (!drop)
		drop = limit_to_store(r);
	return drop ? drop : write_answer(r, out);
}

static enum exchange_drop handle(
	struct request *r, struct wire_in datagram, struct exchange_answer *out)
{
	struct exchange *exchange = r->exchange;
	enum exchange_drop drop = find_answer(r, datagram, &out->out);

	if (!drop && r->waits)
		return EXCHANGE_WAITS;
	if (drop == EXCHANGE_LATER)
		return drop;
	exchange->counters.dropped[drop]++;
	if (drop)
		return drop;
	address_answer(r, out);
	note_way(r);
	exchange->counters.sent[r->answer_type]++;
	tell(r);
	return EXCHANGE_ANSWERED;
}

enum exchange_drop exchange_handle(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer)
{
	struct request r = {.exchange = exchange, .arrival = arrival, .now_ms = now_ms};

	return handle(&r, datagram, answer);
}

void exchange_land(struct exchange *exchange, int rc, const bool *refused, uint64_t now_ms)
{
	lease_journal_committed(&exchange->leases, &exchange->bindings, rc, refused, now_ms);
}

int exchange_commit(struct exchange *exchange, uint64_t now_ms)
{
	return lease_journal_has_changes(&exchange->leases) && !exchange->leases.is_busy
		       ? lease_journal_commit(&exchange->leases, &exchange->bindings, now_ms)
		       : 0;
}

enum exchange_drop exchange_settle(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer)
{
	struct request r = {
		.exchange = exchange, .arrival = arrival, .now_ms = now_ms, .is_settled = true};

	return handle(&r, datagram, answer);
}

const char *exchange_drop_name(enum exchange_drop drop)
{
	static const char *const name[EXCHANGE_DROPS] = {
		[EXCHANGE_ANSWERED] = "answered",
		[DROP_MALFORMED] = "malformed",
		[DROP_RELAY_LOOP] = "relay-loop",
		[DROP_UNTRUSTED_RELAY] = "untrusted-relay",
		[DROP_CLIENT_RATE] = "client-rate",
		[DROP_LINK_RATE] = "link-rate",
		[DROP_NOT_FOR_SERVERS] = "not-for-servers",
		[DROP_UNICAST] = "unicast",
		[DROP_NO_CLIENT_ID] = "no-client-id",
		[DROP_NO_SERVER_ID] = "no-server-id",
		[DROP_WITH_SERVER_ID] = "with-server-id",
		[DROP_OTHER_SERVER] = "other-server",
		[DROP_PROXY] = "proxy",
		[DROP_WITH_IA] = "with-ia",
		[DROP_WITH_ORO] = "with-oro",
		[DROP_NOT_ITS_OWN] = "not-its-own",
		[DROP_NOT_ON_LINK] = "not-on-link",
		[DROP_ASSIGNED] = "assigned",
		[DROP_NO_SUBNET] = "no-subnet",
		[DROP_NOTHING_ASKED] = "nothing-asked",
		[DROP_TOO_LARGE] = "too-large",
		[DROP_NOT_STORED] = "not-stored",
		[DROP_NO_MEMORY] = "no-memory",
	};

	return name[drop];
}
