/* SPDX-License-Identifier: ISC */
/*
 * Reads the facts: one function per option, in a table; then the facts that several options
 * determine together, such as the MAC and the byte order of the UUID. client_machine(), near the
 * end, makes the key of the machine of them.
 */
#include "bootd/client/client_facts.h"

#include <errno.h>
#include <string.h>

enum { HW_ETHERNET = 1 };

static int read_client_id(struct client_facts *facts, struct wire_in data)
{
	facts->has_client_id = true;
	return dhcp6_duid_read(data, &facts->duid);
}

static int read_server_id(struct client_facts *facts, struct wire_in data)
{
	facts->has_server_id = true;
	facts->server_id = data;
	return 0;
}

static int read_oro(struct client_facts *facts, struct wire_in data)
{
	facts->has_oro = true;
	facts->oro = data;
	return wire_left(&data) % sizeof(uint16_t) ? -EBADMSG : 0;
}

static int read_elapsed_time(struct client_facts *facts, struct wire_in data)
{
	uint16_t hundredths;

	(void)facts;
	return dhcp6_get_u16(data, &hundredths);
}

static int read_rapid_commit(struct client_facts *facts, struct wire_in data)
{
	(void)facts;
	return wire_left(&data) > 0 ? -EBADMSG : 0;
}

static int read_ia_na(struct client_facts *facts, struct wire_in data)
{
	struct dhcp6_ia_na ia;

	if (dhcp6_check_ia(DHCP6_OPT_IA_NA, data) < 0 || dhcp6_get_ia_na(data, &ia) < 0)
		return -EBADMSG;
	if (!facts->has_ia)
		facts->iaid = ia.iaid;
	facts->has_ia = true;
	return 0;
}

static int read_ia_pd(struct client_facts *facts, struct wire_in data)
{
	(void)facts;
	return dhcp6_check_ia(DHCP6_OPT_IA_PD, data);
}

static int read_archs(struct client_facts *facts, struct wire_in data)
{
	uint16_t code;

	while (facts->archs < CLIENT_ARCHS_MAX && dhcp6_code_next(&data, &code))
		facts->arch[facts->archs++] = code;
	return data.bad ? -EBADMSG : 0;
}

/* A list of {length, octets}. Some firmware sends the bare text, which counts as one class. */
static int read_user_class(struct client_facts *facts, struct wire_in data)
{
	struct wire_in list = data, item;

	while (facts->user_classes < CLIENT_CLASSES_MAX && dhcp6_class_next(&list, &item))
		facts->user_class[facts->user_classes++] = item;
	if (list.bad) {
		facts->user_class[0] = data;
		facts->user_classes = 1;
	}
	return 0;
}

static void add_vendor_class(
	struct client_facts *facts, uint32_t enterprise, const struct wire_in *text)
{
	if (facts->vendor_classes < CLIENT_CLASSES_MAX)
		facts->vendor_class[facts->vendor_classes++] =
			(struct client_vendor_class){enterprise, *text};
}

static int read_vendor_class(struct client_facts *facts, struct wire_in data)
{
	struct wire_in item = wire_in_of(NULL, 0);
	struct dhcp6_vendor_class vendor;
	unsigned before = facts->vendor_classes;

	if (dhcp6_get_vendor_class(data, &vendor) < 0)
		return -EBADMSG;
	for (unsigned i = 0; i < before; i++)
		if (facts->vendor_class[i].enterprise == vendor.enterprise)
			return 0;
	while (dhcp6_class_next(&vendor.classes, &item))
		add_vendor_class(facts, vendor.enterprise, &item);
	if (facts->vendor_classes == before) {
		item = wire_in_of(NULL, 0);
		add_vendor_class(facts, vendor.enterprise, &item);
	}
	return 0;
}

static int read_nii(struct client_facts *facts, struct wire_in data)
{
	facts->has_nii = true;
	return dhcp6_get_nii(data, &facts->nii);
}

/*
 * How often an option may be in a message (RFC 9915 section 24). Options that identify the client
 * or its request may be there once; a message with a second one is discarded, because no answer
 * would be right for both. Of several options that describe the firmware the first one counts.
 */
enum occurrence { ONCE, FIRST, EACH };

static const struct {
	uint16_t code;
	enum occurrence occurrence;
	int (*read)(struct client_facts *facts, struct wire_in data);
} reader[] = {
	{DHCP6_OPT_CLIENTID, ONCE, read_client_id},
	{DHCP6_OPT_SERVERID, ONCE, read_server_id},
	{DHCP6_OPT_ORO, ONCE, read_oro},
	{DHCP6_OPT_ELAPSED_TIME, ONCE, read_elapsed_time},
	{DHCP6_OPT_RAPID_COMMIT, ONCE, read_rapid_commit},
	{DHCP6_OPT_IA_NA, EACH, read_ia_na},
	{DHCP6_OPT_IA_PD, EACH, read_ia_pd},
	{DHCP6_OPT_CLIENT_ARCH, FIRST, read_archs},
	{DHCP6_OPT_USER_CLASS, FIRST, read_user_class},
	{DHCP6_OPT_VENDOR_CLASS, EACH, read_vendor_class},
	{DHCP6_OPT_NII, FIRST, read_nii},
};

enum { READERS = sizeof(reader) / sizeof(reader[0]) };

static int read_option(
	struct client_facts *facts, const struct dhcp6_option *option, unsigned *seen)
{
	for (size_t i = 0; i < READERS; i++) {
		bool is_second = *seen >> i & 1;

		if (reader[i].code != option->code)
			continue;
		*seen |= 1u << i;
		if (is_second && reader[i].occurrence != EACH)
			return reader[i].occurrence == ONCE ? -EBADMSG : 0;
		return reader[i].read(facts, option->data);
	}
	return 0;
}

static int read_options(struct client_facts *facts)
{
	struct wire_in options = facts->options;
	struct dhcp6_option option;
	unsigned seen = 0;

	while (dhcp6_option_next(&options, &option))
		if (read_option(facts, &option, &seen) < 0)
			return -EBADMSG;
	return 0;
}

/* RFC 6939 section 6: only option 79 of the relay next to the client counts. */
static bool mac_of_relay(const struct dhcp6_relay *relay, uint8_t mac[DHCP6_MAC_LEN])
{
	struct dhcp6_linklayer linklayer;
	struct wire_in data;

	if (!dhcp6_option_find(relay->options, DHCP6_OPT_CLIENT_LINKLAYER_ADDR, &data) ||
		dhcp6_get_linklayer(data, &linklayer) < 0 || linklayer.hw_type != HW_ETHERNET ||
		wire_left(&linklayer.address) != DHCP6_MAC_LEN)
		return false;
	memcpy(mac, wire_get_bytes(&linklayer.address, DHCP6_MAC_LEN), DHCP6_MAC_LEN);
	return dhcp6_mac_is_identity(mac);
}

static void read_link(struct client_facts *facts, const struct arrival *arrival)
{
	facts->ifindex = arrival->ifindex;
	facts->link_name = arrival->link_name;
	facts->on_link = arrival->on_link;
	facts->on_links = arrival->on_links;
}

/* An LDRA (RFC 6221) forwards on the link of the client, to ff02::1:2, without a link-address. */
static bool is_of_our_link(const struct client_facts *facts, const struct arrival *arrival)
{
	return arrival->multicast && !arrival->to_servers &&
	       IN6_IS_ADDR_UNSPECIFIED(&facts->link_address);
}

static void read_path(
	struct client_facts *facts, const struct dhcp6_chain *chain, const struct arrival *arrival)
{
	const struct dhcp6_relay *next_to_client;

	facts->relays = chain->count;
	if (chain->count == 0) {
		facts->peer_address = arrival->source;
		read_link(facts, arrival);
		return;
	}
	next_to_client = &chain->relay[chain->count - 1];
	facts->peer_address = next_to_client->peer_address;
	dhcp6_option_find(next_to_client->options, DHCP6_OPT_INTERFACE_ID, &facts->interface_id);
	dhcp6_option_find(next_to_client->options, DHCP6_OPT_RELAY_ID, &facts->relay_id);
	for (unsigned i = 0; i < chain->count; i++)
		if (!IN6_IS_ADDR_UNSPECIFIED(&chain->relay[i].link_address))
			facts->link_address = chain->relay[i].link_address;
	if (is_of_our_link(facts, arrival))
		read_link(facts, arrival);
}

static void read_remote_id(struct client_facts *facts, const struct dhcp6_chain *chain)
{
	struct dhcp6_remote_id remote;
	struct wire_in data;

	if (chain->count > 0 &&
		dhcp6_option_find(
			chain->relay[chain->count - 1].options, DHCP6_OPT_REMOTE_ID, &data) &&
		dhcp6_get_remote_id(data, &remote) == 0)
		facts->remote_id = remote.id;
}

static void find_mac(
	struct client_facts *facts, const struct dhcp6_chain *chain, const struct arrival *arrival)
{
	if (chain->count > 0 && mac_of_relay(&chain->relay[chain->count - 1], facts->mac)) {
		facts->mac_source = CLIENT_MAC_RELAY;
	} else if (chain->count == 0 && arrival->mac && dhcp6_mac_is_identity(arrival->mac)) {
		memcpy(facts->mac, arrival->mac, DHCP6_MAC_LEN);
		facts->mac_source = CLIENT_MAC_FRAME;
	} else if (dhcp6_mac_of_eui64(&facts->peer_address, facts->mac) &&
		   dhcp6_mac_is_identity(facts->mac)) {
		facts->mac_source = CLIENT_MAC_EUI64;
	}
}

/*
 * UEFI firmware copies the UUID from SMBIOS, where the first three fields are little-endian; iPXE
 * sends it as RFC 6355 specifies. Both send architecture 7, so the user class distinguishes them.
 */
static bool sends_smbios_order(const struct client_facts *facts)
{
	return facts->archs > 0 && !client_has_user_class(facts, "iPXE");
}

void client_facts_of_duid(struct client_facts *facts)
{
	if (!facts->has_client_id)
		return;
	if (facts->mac_source == CLIENT_MAC_UNKNOWN && dhcp6_duid_mac(&facts->duid, facts->mac))
		facts->mac_source = CLIENT_MAC_DUID;
	if (facts->has_uuid || !dhcp6_duid_uuid(&facts->duid, facts->uuid))
		return;
	facts->has_uuid = true;
	if (sends_smbios_order(facts))
		dhcp6_uuid_swap(facts->uuid);
}

void client_facts_set_uuid(struct client_facts *facts)
{
	uint8_t uuid[DHCP6_UUID_LEN];

	memcpy(uuid, facts->uuid, sizeof(uuid));
	if (sends_smbios_order(facts))
		dhcp6_uuid_swap(uuid);
	facts->duid =
		(struct dhcp6_duid){.len = 2 + DHCP6_UUID_LEN, .octets = {0, DHCP6_DUID_UUID}};
	memcpy(facts->duid.octets + 2, uuid, sizeof(uuid));
	facts->has_client_id = true;
}

const char *client_mac_source_name(enum client_mac_source source)
{
	static const char *const name[CLIENT_MAC_SOURCES] = {
		[CLIENT_MAC_RELAY] = "option-79",
		[CLIENT_MAC_FRAME] = "frame",
		[CLIENT_MAC_EUI64] = "eui-64-hint",
		[CLIENT_MAC_DUID] = "duid-hint",
	};

	return name[source];
}

bool client_mac_is_hint(enum client_mac_source source)
{
	return source == CLIENT_MAC_EUI64 || source == CLIENT_MAC_DUID;
}

int client_facts_read(struct client_facts *facts, const struct dhcp6_chain *chain,
	const struct dhcp6_message *message, const struct arrival *arrival)
{
	*facts = (struct client_facts){
		.type = message->type,
		.xid = message->xid,
		.options = message->options,
	};
	if (read_options(facts) < 0)
		return -EBADMSG;
	read_path(facts, chain, arrival);
	read_remote_id(facts, chain);
	find_mac(facts, chain, arrival);
	client_facts_of_duid(facts);
	return 0;
}

/* A MAC in a DUID does not identify a system: clones and all interfaces of it share the DUID. */
static bool has_mac(const struct client_facts *facts)
{
	return facts->mac_source != CLIENT_MAC_UNKNOWN &&
	       (facts->mac_source != CLIENT_MAC_DUID || facts->archs > 0 || !facts->has_ia);
}

bool client_machine(const struct client_facts *facts, struct machine *machine)
{
	if (has_mac(facts)) {
		*machine = machine_of_mac(facts->mac);
		return true;
	}
	if (!facts->has_client_id)
		return false;
	*machine = machine_of_duid(&facts->duid);
	if (facts->archs == 0 && facts->has_ia)
		*machine = machine_with_iaid(machine, facts->iaid);
	return true;
}

bool client_asks_for(const struct client_facts *facts, uint16_t option)
{
	return facts->has_oro && dhcp6_code_listed(facts->oro, option);
}

bool client_has_user_class(const struct client_facts *facts, const char *text)
{
	size_t len = strlen(text);

	for (unsigned i = 0; i < facts->user_classes; i++)
		if (wire_left(&facts->user_class[i]) == len &&
			memcmp(facts->user_class[i].pos, text, len) == 0)
			return true;
	return false;
}

bool client_named_address(const struct client_facts *facts, struct in6_addr *address)
{
	struct dhcp6_iaaddr iaaddr;
	struct dhcp6_ia_na ia;
	struct wire_in data;

	if (!dhcp6_option_find(facts->options, DHCP6_OPT_IA_NA, &data) ||
		dhcp6_get_ia_na(data, &ia) < 0 ||
		!dhcp6_option_find(ia.options, DHCP6_OPT_IAADDR, &data) ||
		dhcp6_get_iaaddr(data, &iaaddr) < 0)
		return false;
	*address = iaaddr.address;
	return true;
}
