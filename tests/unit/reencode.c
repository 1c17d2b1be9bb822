/* SPDX-License-Identifier: ISC */
/*
 * One function per kind of option: it reads the option's data and writes the
 * whole option, or says false where its reader refuses; then what it wrote is
 * taken back and the octets are copied.
 */
#include "tests/unit/reencode.h"

#include <errno.h>
#include <string.h>

#include "dhcp6/identity.h"
#include "dhcp6/option.h"

/* Hostile input nests options and relays without end; deeper ones are copied. */
enum { DEPTH_MAX = 16, TEXT_MAX = 1024 };

static int again_message(struct wire_out *out, struct wire_in in, unsigned depth);
static bool again_options(struct wire_out *out, struct wire_in options, unsigned depth);

typedef bool again_fn(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth);

static void put_rest(struct wire_out *out, struct wire_in data)
{
	size_t n = wire_left(&data);

	wire_put_bytes(out, wire_get_bytes(&data, n), n);
}

static bool again_duid(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_duid duid;

	(void)depth;
	if (dhcp6_duid_read(data, &duid) < 0)
		return false;
	dhcp6_put_option(out, code, duid.octets, duid.len);
	return true;
}

static bool again_ia_na(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_ia_na ia;
	size_t mark;

	(void)code;
	if (dhcp6_get_ia_na(data, &ia) < 0)
		return false;
	mark = dhcp6_open_ia_na(out, ia.iaid, ia.t1_s, ia.t2_s);
	if (!again_options(out, ia.options, depth))
		return false;
	dhcp6_close_option(out, mark);
	return true;
}

static bool again_iaaddr(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_iaaddr addr;

	(void)code;
	(void)depth;
	/* The writer is for addresses without options of their own. */
	if (dhcp6_get_iaaddr(data, &addr) < 0 || wire_left(&addr.options) > 0)
		return false;
	dhcp6_put_iaaddr(out, &addr.address, addr.preferred_s, addr.valid_s);
	return true;
}

static bool again_codes(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	size_t mark = dhcp6_open_option(out, code);
	uint16_t listed;

	(void)depth;
	while (dhcp6_code_next(&data, &listed))
		wire_put_u16(out, listed);
	dhcp6_close_option(out, mark);
	return !data.bad;
}

static bool again_u8(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	uint8_t value;

	(void)depth;
	if (dhcp6_get_u8(data, &value) < 0)
		return false;
	dhcp6_put_u8_option(out, code, value);
	return true;
}

static bool again_u16(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	uint16_t value;

	(void)depth;
	if (dhcp6_get_u16(data, &value) < 0)
		return false;
	dhcp6_put_u16_option(out, code, value);
	return true;
}

static bool again_u32(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	uint32_t value = wire_get_u32(&data);

	(void)depth;
	if (data.bad || wire_left(&data) > 0)
		return false;
	dhcp6_put_u32_option(out, code, value);
	return true;
}

static bool again_relay_msg(
	struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	size_t mark = dhcp6_open_option(out, code);

	if (again_message(out, data, depth) < 0)
		return false;
	dhcp6_close_option(out, mark);
	return true;
}

static bool again_status(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_status status;
	char text[TEXT_MAX];
	size_t n;

	(void)code;
	(void)depth;
	if (dhcp6_get_status(data, &status) < 0)
		return false;
	n = wire_left(&status.text);
	if (n >= sizeof(text) || memchr(status.text.pos, '\0', n))
		return false; /* the writer takes a string */
	memcpy(text, status.text.pos, n);
	text[n] = '\0';
	dhcp6_put_status(out, status.code, text);
	return true;
}

static bool again_classes(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	size_t mark = dhcp6_open_option(out, code), item_mark;
	struct dhcp6_vendor_class vendor = {.classes = data};
	struct wire_in item;

	(void)depth;
	if (code == DHCP6_OPT_VENDOR_CLASS) {
		if (dhcp6_get_vendor_class(data, &vendor) < 0)
			return false;
		wire_put_u32(out, vendor.enterprise);
	}
	while (dhcp6_class_next(&vendor.classes, &item)) {
		item_mark = wire_open_len16(out);
		put_rest(out, item);
		wire_close_len16(out, item_mark);
	}
	dhcp6_close_option(out, mark);
	return !vendor.classes.bad;
}

static bool again_addresses(
	struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct in6_addr address[8];
	size_t n = 0;

	(void)depth;
	while (wire_left(&data) >= sizeof(address[0]) && n < 8)
		address[n++] = wire_get_in6(&data);
	if (n == 0 || wire_left(&data) > 0)
		return false;
	dhcp6_put_addresses(out, code, address, n);
	return true;
}

static bool again_remote_id(
	struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_remote_id remote;
	size_t mark;

	(void)depth;
	if (dhcp6_get_remote_id(data, &remote) < 0)
		return false;
	mark = dhcp6_open_option(out, code);
	wire_put_u32(out, remote.enterprise);
	put_rest(out, remote.id);
	dhcp6_close_option(out, mark);
	return true;
}

static bool again_lq_query(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_lq_query query;
	size_t mark;

	(void)depth;
	if (dhcp6_get_lq_query(data, &query) < 0)
		return false;
	mark = dhcp6_open_option(out, code);
	wire_put_u8(out, query.type);
	wire_put_in6(out, &query.link_address);
	put_rest(out, query.options);
	dhcp6_close_option(out, mark);
	return true;
}

static bool again_nii(struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_nii nii;

	(void)depth;
	if (dhcp6_get_nii(data, &nii) < 0)
		return false;
	dhcp6_put_option(out, code, (const uint8_t[]){nii.type, nii.major, nii.minor}, 3);
	return true;
}

static bool again_linklayer(
	struct wire_out *out, uint16_t code, struct wire_in data, unsigned depth)
{
	struct dhcp6_linklayer linklayer;
	size_t n;

	(void)code;
	(void)depth;
	if (dhcp6_get_linklayer(data, &linklayer) < 0)
		return false;
	n = wire_left(&linklayer.address);
	dhcp6_put_linklayer(out, linklayer.hw_type, wire_get_bytes(&linklayer.address, n), n);
	return true;
}

static const struct {
	uint16_t code;
	again_fn *again;
} again_table[] = {
	{DHCP6_OPT_CLIENTID, again_duid},
	{DHCP6_OPT_SERVERID, again_duid},
	{DHCP6_OPT_IA_NA, again_ia_na},
	{DHCP6_OPT_IAADDR, again_iaaddr},
	{DHCP6_OPT_ORO, again_codes},
	{DHCP6_OPT_PREFERENCE, again_u8},
	{DHCP6_OPT_ELAPSED_TIME, again_u16},
	{DHCP6_OPT_RELAY_MSG, again_relay_msg},
	{DHCP6_OPT_STATUS_CODE, again_status},
	{DHCP6_OPT_USER_CLASS, again_classes},
	{DHCP6_OPT_VENDOR_CLASS, again_classes},
	{DHCP6_OPT_DNS_SERVERS, again_addresses},
	{DHCP6_OPT_INFO_REFRESH_TIME, again_u32},
	{DHCP6_OPT_REMOTE_ID, again_remote_id},
	{DHCP6_OPT_ERO, again_codes},
	{DHCP6_OPT_LQ_QUERY, again_lq_query},
	{DHCP6_OPT_CLT_TIME, again_u32},
	{DHCP6_OPT_LQ_CLIENT_LINK, again_addresses},
	{DHCP6_OPT_RELAY_ID, again_duid},
	{DHCP6_OPT_BOOTFILE_PARAM, again_classes},
	{DHCP6_OPT_CLIENT_ARCH, again_codes},
	{DHCP6_OPT_NII, again_nii},
	{DHCP6_OPT_CLIENT_LINKLAYER_ADDR, again_linklayer},
	{DHCP6_OPT_SOL_MAX_RT, again_u32},
	{DHCP6_OPT_INF_MAX_RT, again_u32},
	{DHCP6_OPT_RELAY_PORT, again_u16},
};

static again_fn *again_of(uint16_t code)
{
	for (size_t i = 0; i < sizeof(again_table) / sizeof(again_table[0]); i++)
		if (again_table[i].code == code)
			return again_table[i].again;
	return NULL;
}

static void again_option(struct wire_out *out, const struct dhcp6_option *option, unsigned depth)
{
	struct wire_out before = *out;
	again_fn *again = depth < DEPTH_MAX ? again_of(option->code) : NULL;
	size_t mark;

	if (again && again(out, option->code, option->data, depth + 1))
		return;
	*out = before;
	mark = dhcp6_open_option(out, option->code);
	put_rest(out, option->data);
	dhcp6_close_option(out, mark);
}

static bool again_options(struct wire_out *out, struct wire_in options, unsigned depth)
{
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		again_option(out, &option, depth);
	return !options.bad;
}

static int again_message(struct wire_out *out, struct wire_in in, unsigned depth)
{
	struct dhcp6_relay relay;
	struct dhcp6_message message;
	int rc;

	if (dhcp6_is_relay_type(dhcp6_peek_type(&in))) {
		rc = dhcp6_relay_read(in, &relay);
		if (rc < 0)
			return rc;
		dhcp6_put_relay_header(
			out, relay.type, relay.hop_count, &relay.link_address, &relay.peer_address);
		return again_options(out, relay.options, depth) ? 0 : -EBADMSG;
	}
	rc = dhcp6_message_read(in, &message);
	if (rc < 0)
		return rc;
	dhcp6_put_message_header(out, message.type, message.xid);
	return again_options(out, message.options, depth) ? 0 : -EBADMSG;
}

int reencode(struct wire_in datagram, struct wire_out *out)
{
	return again_message(out, datagram, 0);
}
