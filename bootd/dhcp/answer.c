/* SPDX-License-Identifier: ISC */
/*
 * Encodes answers, option by option; answer.h has their order. Options that the operator configures
 * were encoded when the configuration was read (option_set.h), so they are only copied here.
 */
#include "bootd/dhcp/answer.h"

#include <string.h>

#include "bootd/rules/conditions.h"

enum { ECHO_CODES_MAX = 32 };

/* The codes that the relay requests back (RFC 4994), at most ECHO_CODES_MAX of them. */
static struct wire_in echo_request(const struct dhcp6_relay *relay)
{
	size_t max = ECHO_CODES_MAX * sizeof(uint16_t);
	struct wire_in list;

	if (!dhcp6_option_find(relay->options, DHCP6_OPT_ERO, &list))
		return wire_in_of(NULL, 0);
	return wire_get_sub(&list, wire_left(&list) < max ? wire_left(&list) : max);
}

/* Interface-Id and Relay Source Port are always echoed, other options of the relay on request. */
static bool is_echoed(uint16_t code, struct wire_in asked)
{
	switch (code) {
	case DHCP6_OPT_RELAY_MSG:
	case DHCP6_OPT_ERO:
		return false;
	case DHCP6_OPT_INTERFACE_ID:
	case DHCP6_OPT_RELAY_PORT:
		return true;
	default:
		return wire_left(&asked) > 0 && dhcp6_code_listed(asked, code);
	}
}

static void echo_options(struct wire_out *out, const struct dhcp6_relay *relay)
{
	struct wire_in options = relay->options, asked = echo_request(relay);
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		if (is_echoed(option.code, asked))
			dhcp6_put_option(
				out, option.code, option.data.pos, wire_left(&option.data));
}

void answer_open_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, size_t mark[DHCP6_RELAYS_MAX])
{
	for (unsigned i = 0; i < chain->count; i++) {
		const struct dhcp6_relay *relay = &chain->relay[i];

		dhcp6_put_relay_header(out, DHCP6_RELAY_REPL, relay->hop_count,
			&relay->link_address, &relay->peer_address);
		echo_options(out, relay);
		mark[i] = dhcp6_open_option(out, DHCP6_OPT_RELAY_MSG);
	}
}

void answer_close_relays(
	struct wire_out *out, const struct dhcp6_chain *chain, const size_t mark[DHCP6_RELAYS_MAX])
{
	for (unsigned i = chain->count; i > 0; i--)
		dhcp6_close_option(out, mark[i - 1]);
}

void answer_put_head(struct wire_out *out, uint8_t type, const struct client_facts *facts,
	const struct boot_config *config)
{
	dhcp6_put_message_header(out, type, facts->xid);
	if (facts->has_client_id)
		dhcp6_put_option(out, DHCP6_OPT_CLIENTID, facts->duid.octets, facts->duid.len);
	dhcp6_put_option(
		out, DHCP6_OPT_SERVERID, config->server_duid.octets, config->server_duid.len);
}

/* T1 and T2 follow the option header and the IAID, the lifetimes the header and the address. */
void answer_set_lifetimes(
	struct wire_out *out, size_t ia_at, size_t iaaddr_at, const struct address_choice *choice)
{
	enum { HEAD = 4, IAID = 4 };
	struct wire_out timers = wire_out_of(out->buf + ia_at + HEAD + IAID, 2 * sizeof(uint32_t));
	struct wire_out lifetimes = wire_out_of(
		out->buf + iaaddr_at + HEAD + sizeof(struct in6_addr), 2 * sizeof(uint32_t));

	wire_put_u32(&timers, choice->t1_s);
	wire_put_u32(&timers, choice->t2_s);
	wire_put_u32(&lifetimes, choice->preferred_s);
	wire_put_u32(&lifetimes, choice->valid_s);
}

void answer_put_ia_status(struct wire_out *out, uint16_t ia_code, uint32_t iaid, uint16_t status)
{
	size_t mark = dhcp6_open_option(out, ia_code);

	wire_put_u32(out, iaid);
	wire_put_u32(out, 0); /* T1, T2 */
	wire_put_u32(out, 0);
	answer_put_status(out, status);
	dhcp6_close_option(out, mark);
}

void answer_put_status(struct wire_out *out, uint16_t status)
{
	static const char *const text[] = {
		[DHCP6_STATUS_SUCCESS] = "success",
		[DHCP6_STATUS_UNSPEC_FAIL] = "failed",
		[DHCP6_STATUS_NO_ADDRS_AVAIL] = "no address for this client",
		[DHCP6_STATUS_NO_BINDING] = "no such address is bound to this client",
		[DHCP6_STATUS_NOT_ON_LINK] = "the address does not belong to this link",
		[DHCP6_STATUS_NO_PREFIX_AVAIL] = "no prefixes are delegated here",
		[DHCP6_STATUS_UNKNOWN_QUERY_TYPE] = "this type of query is unknown",
		[DHCP6_STATUS_MALFORMED_QUERY] = "the query lacks an option that its type needs",
		[DHCP6_STATUS_NOT_CONFIGURED] = "no such link is configured",
		[DHCP6_STATUS_NOT_ALLOWED] = "this requestor, or this transport, is not allowed",
		[DHCP6_STATUS_QUERY_TERMINATED] = "the whole answer does not fit",
	};

	dhcp6_put_status(out, status, text[status]);
}

static void put_params(struct wire_out *out, const struct boot_rule *rule)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_BOOTFILE_PARAM);

	for (size_t i = 0; i < rule->params; i++) {
		size_t item = wire_open_len16(out);

		wire_put_bytes(out, rule->param[i], strlen(rule->param[i]));
		wire_close_len16(out, item);
	}
	dhcp6_close_option(out, mark);
}

/* RFC 5970 section 3.3: the architectures that the rule matches, in the order of the client. */
static void put_matched_archs(
	struct wire_out *out, const struct client_facts *facts, const struct boot_rule *rule)
{
	size_t mark;

	if (facts->archs == 0)
		return;
	mark = dhcp6_open_option(out, DHCP6_OPT_CLIENT_ARCH);
	for (unsigned i = 0; i < facts->archs; i++)
		if (conditions_allow_arch(&rule->when, facts->arch[i]))
			wire_put_u16(out, facts->arch[i]);
	dhcp6_close_option(out, mark);
}

/* A machine that sends an architecture boots; others may request the URL by its code (GRUB). */
static bool wants_boot(const struct client_facts *facts)
{
	return facts->archs > 0 || client_asks_for(facts, DHCP6_OPT_BOOTFILE_URL);
}

void answer_put_boot(struct request *r, struct wire_out *out)
{
	const struct boot_choice *boot = &r->decision.boot;

	if (!wants_boot(&r->facts) || !boot->rule)
		return;
	dhcp6_put_option(out, DHCP6_OPT_BOOTFILE_URL, boot->url, strlen(boot->url));
	if (boot->with_params)
		put_params(out, boot->rule);
	firmware_put_vendor_class(boot->kind, out);
	put_matched_archs(out, &r->facts, boot->rule);
	r->event.with_boot_url = true;
}

/* The options of the client's scopes that it requests, in order of the code. */
static void put_configured(struct wire_out *out, const struct request *r)
{
	const struct boot_config *config = r->exchange->config;
	const struct decision *decision = &r->decision;
	const struct option_octets *option;
	const uint8_t *octets;
	struct option_walk walk;

	if (!r->facts.has_oro)
		return;
	boot_config_options(config, decision->subnet, decision->class, decision->host, &walk);
	while ((option = option_walk_next(&walk, &octets)))
		if (client_asks_for(&r->facts, option->code) &&
			(!option->of_information || r->facts.type == DHCP6_INFORMATION_REQUEST))
			wire_put_bytes(out, octets, option->len);
	if (config->registration && client_asks_for(&r->facts, DHCP6_OPT_ADDR_REG_ENABLE))
		dhcp6_put_option(out, DHCP6_OPT_ADDR_REG_ENABLE, NULL, 0);
}

/* --- options that relays supply (RFC 6422) ------------------------------------------ */

/* Every option with this code that the relay supplies; true if there is one. */
static bool put_of_relay(struct wire_out *out, const struct dhcp6_relay *relay, uint16_t code)
{
	struct dhcp6_option option;
	struct wire_in supplied;
	bool found = false;

	if (!dhcp6_option_find(relay->options, DHCP6_OPT_RSOO, &supplied))
		return false;
	while (dhcp6_option_next(&supplied, &option)) {
		if (option.code != code)
			continue;
		dhcp6_put_option(out, code, option.data.pos, wire_left(&option.data));
		found = true;
	}
	return found;
}

static bool is_answered(const struct wire_out *out, size_t message_at, uint16_t code)
{
	struct wire_in options, data;

	if (out->bad)
		return true;
	options = wire_in_of(out->buf + message_at, out->len - message_at);
	wire_get_bytes(&options, DHCP6_HEADER_LEN);
	return dhcp6_option_find(options, code, &data);
}

/*
 * The options that relays may supply, the client requests and the answer lacks: from the relay next
 * to the client, or else from the next one on the path that supplies the option.
 */
static void put_relay_supplied(struct wire_out *out, const struct request *r)
{
	const struct boot_config *config = r->exchange->config;
	const struct dhcp6_chain *chain = &r->chain;

	for (size_t i = 0; chain->count > 0 && i < config->relay_supplieds; i++) {
		uint16_t code = config->relay_supplied[i];
		unsigned at = chain->count;

		if (!client_asks_for(&r->facts, code) || is_answered(out, r->message_at, code))
			continue;
		while (at > 0 && !put_of_relay(out, &chain->relay[at - 1], code))
			at--;
	}
}

void answer_put_requested(const struct request *r, struct wire_out *out)
{
	put_configured(out, r);
	put_relay_supplied(out, r);
}
