/* SPDX-License-Identifier: ISC */
/*
 * Answers in subnets whose addresses another server gives (proxy.h), and the memory of the clients
 * that got one. The memory is a table in which newer machines overwrite older ones, because it is
 * needed only for the seconds between a Solicit and the message on port 4011. Without an entry, the
 * client is known by its DUID, and its subnet by the address that it has got.
 */
#include "bootd/dhcp/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "bootd/dhcp/answer.h"
#include "util/siphash.h"

enum { SLOTS = 4096, ID_MAX = 64, OVERHEARD_S = 3600 };

static const char pxe_class[] = "PXEClient";

struct id {
	uint8_t len;
	uint8_t octets[ID_MAX];
};

struct proxied {
	struct dhcp6_duid duid; /* len 0: none */
	uint64_t at_ms;
	enum client_mac_source mac_source;
	uint8_t mac[DHCP6_MAC_LEN];
	unsigned relays;
	struct in6_addr link_address;
	struct id interface_id, remote_id, relay_id;
};

struct proxy_memory {
	struct siphash_key key;
	struct proxied slot[SLOTS];
};

static struct proxy_memory *proxy_memory_new(void)
{
	struct proxy_memory *memory = calloc(1, sizeof(*memory));

	if (memory)
		siphash_key_random(&memory->key);
	return memory;
}

void proxy_memory_free(struct proxy_memory *memory)
{
	free(memory);
}

static struct proxied *slot_of(const struct request *r)
{
	struct proxy_memory *memory = r->exchange->proxied;
	const struct dhcp6_duid *duid = &r->facts.duid;

	return &memory->slot[siphash(&memory->key, duid->octets, duid->len) % SLOTS];
}

/* An identifier that is too long is left out; then a rule for it does not match on port 4011. */
static struct id copy_id(const struct wire_in *view)
{
	struct id id = {0};

	if (wire_left(view) > 0 && wire_left(view) <= ID_MAX) {
		id.len = (uint8_t)wire_left(view);
		memcpy(id.octets, view->pos, id.len);
	}
	return id;
}

static void remember(struct request *r)
{
	struct exchange *exchange = r->exchange;
	const struct client_facts *facts = &r->facts;
	struct proxied *slot;

	if (!exchange->proxied)
		exchange->proxied = proxy_memory_new();
	if (!exchange->proxied)
		return;
	slot = slot_of(r);
	*slot = (struct proxied){
		.duid = facts->duid,
		.at_ms = r->now_ms,
		.mac_source = facts->mac_source,
		.relays = facts->relays,
		.link_address = facts->link_address,
		.interface_id = copy_id(&facts->interface_id),
		.remote_id = copy_id(&facts->remote_id),
		.relay_id = copy_id(&facts->relay_id),
	};
	memcpy(slot->mac, facts->mac, sizeof(slot->mac));
}

static struct wire_in view_of(const struct id *id)
{
	return wire_in_of(id->octets, id->len);
}

void proxy_recall(struct request *r)
{
	struct client_facts *facts = &r->facts;
	const struct proxied *known;

	/* The subnet of a client that was on a link of ours, or is forgotten: by its address. */
	facts->on_link = &r->arrival.source;
	facts->on_links = 1;
	known = r->exchange->proxied ? slot_of(r) : NULL;
	if (!known || !dhcp6_duid_equal(&known->duid, &facts->duid) ||
		r->now_ms - known->at_ms > PROXY_REMEMBERED_S * 1000)
		return;
	facts->mac_source = known->mac_source;
	memcpy(facts->mac, known->mac, sizeof(facts->mac));
	facts->relays = known->relays;
	facts->link_address = known->link_address;
	facts->interface_id = view_of(&known->interface_id);
	facts->remote_id = view_of(&known->remote_id);
	facts->relay_id = view_of(&known->relay_id);
}

/* --- answers ----------------------------------------------------------------------- */

/* Its Vendor Class that starts with "PXEClient"; NULL: it has none. */
static const struct client_vendor_class *pxe_class_of(const struct client_facts *facts)
{
	size_t len = strlen(pxe_class);

	for (unsigned i = 0; i < facts->vendor_classes; i++) {
		const struct wire_in *text = &facts->vendor_class[i].text;

		if (wire_left(text) >= len && memcmp(text->pos, pxe_class, len) == 0)
			return &facts->vendor_class[i];
	}
	return NULL;
}

/* UEFI PXE accepts an offer only if it contains the same vendor class that the client sent. */
static void echo_vendor_class(struct wire_out *out, const struct client_vendor_class *class)
{
	size_t option = dhcp6_open_option(out, DHCP6_OPT_VENDOR_CLASS), item;

	wire_put_u32(out, class->enterprise);
	item = wire_open_len16(out);
	wire_put_bytes(out, class->text.pos, wire_left(&class->text));
	wire_close_len16(out, item);
	dhcp6_close_option(out, option);
}

/* Firmware that accepts an offer without an address, and a boot rule matches. */
static bool takes_offer(const struct client_facts *facts, const struct boot_choice *boot)
{
	return boot->rule && (boot->kind == FIRMWARE_UEFI_HTTP ||
				     (boot->kind == FIRMWARE_UEFI_PXE && pxe_class_of(facts)));
}

const char *proxy_explain(const struct address_plan *plan, const struct client_facts *facts,
	const struct boot_choice *boot)
{
	if (plan->addresses != SUBNET_PROXY)
		return NULL;
	if (!boot->rule)
		return "not answered: there is no boot file for it";
	if (boot->kind == FIRMWARE_UEFI_PXE)
		return takes_offer(facts, boot)
			       ? "offered the boot file without an address; it asks for it once "
				 "more on port 4011 of the host in the URL"
			       : "not answered: without the vendor class \"PXEClient\" UEFI PXE "
				 "hangs on an offer without an address";
	return takes_offer(facts, boot)
		       ? "offered the boot file without an address"
		       : "not answered: it accepts no offer without an address; an "
			 "Information-request of it is answered";
}

/* The options of both answers. */
static enum exchange_drop put_boot(struct request *r, struct wire_out *out)
{
	const struct boot_choice *boot = &r->decision.boot;

	if (!takes_offer(&r->facts, boot))
		return DROP_PROXY;
	answer_put_boot(r, out);
	if (boot->kind == FIRMWARE_UEFI_PXE)
		echo_vendor_class(out, pxe_class_of(&r->facts));
	answer_put_requested(r, out);
	return EXCHANGE_ANSWERED;
}

enum exchange_drop proxy_offer(struct request *r, struct wire_out *out)
{
	enum exchange_drop drop = put_boot(r, out);

	if (!drop && r->decision.boot.kind == FIRMWARE_UEFI_PXE)
		remember(r);
	return drop;
}

enum exchange_drop proxy_confirm(struct request *r, struct wire_out *out)
{
	struct wire_in ia;

	if (!r->arrival.at_boot_server || dhcp6_option_find(r->facts.options, DHCP6_OPT_IA_NA, &ia))
		return DROP_PROXY;
	return put_boot(r, out);
}

/* --- clients of the other server ------------------------------------------------------ */

void proxy_overhear(struct request *r)
{
	struct binding_table *bindings = &r->exchange->bindings;
	const struct prefix *subnet = &r->decision.subnet->prefix;
	struct in6_addr address;
	struct binding *binding;

	if (decision_plan(&r->decision)->addresses != SUBNET_PROXY ||
		r->facts.type != DHCP6_REQUEST || r->decision.machine.len == 0 ||
		!client_named_address(&r->facts, &address) || !prefix_contains(subnet, &address))
		return;
	binding = binding_table_register(bindings, subnet, &r->decision.machine, &address);
	if (!binding)
		return;
	binding->mac_source = r->facts.mac_source;
	binding_set_duid(binding, &r->facts.duid);
	binding_table_set_state(bindings, binding, BINDING_REGISTERED, r->now_ms, OVERHEARD_S);
}
