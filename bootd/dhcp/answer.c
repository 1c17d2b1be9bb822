/* SPDX-License-Identifier: ISC */
/* Answers, option by option. */
#include "bootd/dhcp/answer.h"

#include "bootd/rules/conditions.h"

#include <string.h>

enum { ECHO_CODES_MAX = 32 };

/* What the relay wants back (RFC 4994), cut where it is longer than any relay's. */
static struct wire_in echo_request(const struct dhcp6_relay *relay)
{
	size_t most = ECHO_CODES_MAX * sizeof(uint16_t);
	struct wire_in list;

	if (!dhcp6_option_find(relay->options, DHCP6_OPT_ERO, &list))
		return wire_in_of(NULL, 0);
	return wire_get_sub(&list, wire_left(&list) < most ? wire_left(&list) : most);
}

/* Interface-Id and Relay Source Port always, anything else of its own as it asks. */
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

void answer_put_address(struct wire_out *out, uint32_t iaid, const struct address_choice *choice)
{
	size_t mark = dhcp6_open_ia_na(out, iaid, choice->t1_s, choice->t2_s);

	dhcp6_put_iaaddr(out, &choice->address, choice->preferred_s, choice->valid_s);
	dhcp6_close_option(out, mark);
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
		[DHCP6_STATUS_NOT_ON_LINK] = "the address is not of this link",
		[DHCP6_STATUS_NO_PREFIX_AVAIL] = "no prefixes are delegated here",
		[DHCP6_STATUS_UNKNOWN_QUERY_TYPE] = "there is no such query",
		[DHCP6_STATUS_MALFORMED_QUERY] = "the query lacks what it asks by",
		[DHCP6_STATUS_NOT_CONFIGURED] = "no such link is configured",
		[DHCP6_STATUS_NOT_ALLOWED] = "not to be asked by this requestor, or not this way",
		[DHCP6_STATUS_QUERY_TERMINATED] = "there is no room for the whole answer",
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

/* RFC 5970 section 3.3: those that were matched, in the client's order. */
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

void answer_put_boot(
	struct wire_out *out, const struct client_facts *facts, const struct boot_choice *boot)
{
	if (!boot->rule)
		return;
	dhcp6_put_option(out, DHCP6_OPT_BOOTFILE_URL, boot->url, strlen(boot->url));
	if (boot->with_params)
		put_params(out, boot->rule);
	firmware_put_vendor_class(boot->kind, out);
	put_matched_archs(out, facts, boot->rule);
}

static void put_timer(
	struct wire_out *out, const struct client_facts *facts, uint16_t code, uint32_t seconds)
{
	if (seconds > 0 && client_asks_for(facts, code))
		dhcp6_put_u32_option(out, code, seconds);
}

static void put_timers(
	struct wire_out *out, const struct client_facts *facts, const struct boot_config *config)
{
	if (facts->type == DHCP6_INFORMATION_REQUEST)
		put_timer(out, facts, DHCP6_OPT_INFO_REFRESH_TIME, config->refresh_s);
	put_timer(out, facts, DHCP6_OPT_SOL_MAX_RT, config->sol_max_rt_s);
	put_timer(out, facts, DHCP6_OPT_INF_MAX_RT, config->inf_max_rt_s);
}

void answer_put_requested(
	struct wire_out *out, const struct client_facts *facts, const struct boot_config *config)
{
	if (client_asks_for(facts, DHCP6_OPT_DNS_SERVERS))
		dhcp6_put_addresses(out, DHCP6_OPT_DNS_SERVERS, config->dns, config->dns_servers);
	if (config->domain_search_len > 0 && client_asks_for(facts, DHCP6_OPT_DOMAIN_LIST))
		dhcp6_put_option(out, DHCP6_OPT_DOMAIN_LIST, config->domain_search,
			config->domain_search_len);
	put_timers(out, facts, config);
	if (config->registration && client_asks_for(facts, DHCP6_OPT_ADDR_REG_ENABLE))
		dhcp6_put_option(out, DHCP6_OPT_ADDR_REG_ENABLE, NULL, 0);
}
