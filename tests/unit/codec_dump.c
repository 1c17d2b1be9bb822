/* SPDX-License-Identifier: ISC */
/*
 * What our codec makes of datagrams, for another codec to compare with.
 *
 * Standard input is one datagram a line, in hexadecimal; standard output is
 * one line of JSON for each:
 *
 *	{"message": MESSAGE or null, "relays": N or null, "octets": "0c00..."}
 *
 *	MESSAGE  {"type": 1, "xid": 7, "options": [OPTION...]}, or for relays
 *	         {"type": 12, "hop_count": 0, "link_address": "2001:db8::1",
 *	          "peer_address": "fe80::2", "options": [OPTION...]}
 *	OPTION   {"code": 7, the fields that its reader gives}, or
 *	         {"code": 999, "data": "00ff"} where there is no reader or it refuses
 *
 * "message" is null where the datagram is malformed, "relays" where it is no
 * chain of Relay-forwards; "octets" is the datagram read and written again.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6/identity.h"
#include "dhcp6/option.h"
#include "tests/unit/reencode.h"

enum { DEPTH_MAX = 32 };

static json_t *message_json(struct wire_in in, unsigned depth);
static json_t *options_json(struct wire_in options, unsigned depth);

/* The fields of one option as a new object, NULL where its reader refuses. */
typedef json_t *fields_fn(struct wire_in data, unsigned depth);

static json_t *hex_json(struct wire_in data)
{
	static const char digit[] = "0123456789abcdef";
	size_t n = wire_left(&data);
	char *text = malloc(2 * n + 1);
	json_t *json;

	if (!text)
		abort();
	for (size_t i = 0; i < n; i++) {
		uint8_t octet = wire_get_u8(&data);

		text[2 * i] = digit[octet >> 4];
		text[2 * i + 1] = digit[octet & 15];
	}
	json = json_stringn(text, 2 * n);
	free(text);
	return json;
}

static json_t *address_json(const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET6, address, text, sizeof(text)));
}

static json_t *duid_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_duid duid;
	char text[DHCP6_DUID_TEXT];
	uint8_t octets[DHCP6_UUID_LEN];
	json_t *json;

	(void)depth;
	if (dhcp6_duid_read(data, &duid) < 0)
		return NULL;
	json = json_pack("{s:s}", "duid", dhcp6_duid_format(&duid, text));
	if (dhcp6_duid_uuid(&duid, octets))
		json_object_set_new(json, "uuid", json_string(dhcp6_uuid_format(octets, text)));
	if (dhcp6_duid_mac(&duid, octets))
		json_object_set_new(json, "mac", json_string(dhcp6_mac_format(octets, text)));
	return json;
}

static json_t *ia_na_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_ia_na ia;

	if (dhcp6_get_ia_na(data, &ia) < 0)
		return NULL;
	return json_pack("{s:I, s:I, s:I, s:o}", "iaid", (json_int_t)ia.iaid, "t1",
		(json_int_t)ia.t1_s, "t2", (json_int_t)ia.t2_s, "options",
		options_json(ia.options, depth));
}

static json_t *iaaddr_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_iaaddr addr;

	if (dhcp6_get_iaaddr(data, &addr) < 0)
		return NULL;
	return json_pack("{s:o, s:I, s:I, s:o}", "address", address_json(&addr.address),
		"preferred", (json_int_t)addr.preferred_s, "valid", (json_int_t)addr.valid_s,
		"options", options_json(addr.options, depth));
}

static json_t *codes_fields(struct wire_in data, unsigned depth)
{
	json_t *codes = json_array();
	uint16_t code;

	(void)depth;
	while (dhcp6_code_next(&data, &code))
		json_array_append_new(codes, json_integer(code));
	if (data.bad) {
		json_decref(codes);
		return NULL;
	}
	return json_pack("{s:o}", "codes", codes);
}

static json_t *u8_fields(struct wire_in data, unsigned depth)
{
	uint8_t value;

	(void)depth;
	return dhcp6_get_u8(data, &value) < 0 ? NULL : json_pack("{s:i}", "value", (int)value);
}

static json_t *u16_fields(struct wire_in data, unsigned depth)
{
	uint16_t value;

	(void)depth;
	return dhcp6_get_u16(data, &value) < 0 ? NULL : json_pack("{s:i}", "value", (int)value);
}

static json_t *relay_msg_fields(struct wire_in data, unsigned depth)
{
	json_t *message = message_json(data, depth);

	return message ? json_pack("{s:o}", "message", message) : NULL;
}

static json_t *status_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_status status;

	(void)depth;
	if (dhcp6_get_status(data, &status) < 0)
		return NULL;
	return json_pack("{s:i, s:o}", "status", (int)status.code, "text", hex_json(status.text));
}

/* The items of a list, NULL where their lengths lie. */
static json_t *items_json(struct wire_in list)
{
	json_t *items = json_array();
	struct wire_in item;

	while (dhcp6_class_next(&list, &item))
		json_array_append_new(items, hex_json(item));
	if (list.bad) {
		json_decref(items);
		return NULL;
	}
	return items;
}

static json_t *items_fields(struct wire_in data, unsigned depth)
{
	json_t *items = items_json(data);

	(void)depth;
	return items ? json_pack("{s:o}", "items", items) : NULL;
}

static json_t *vendor_class_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_vendor_class vendor;
	json_t *items;

	(void)depth;
	if (dhcp6_get_vendor_class(data, &vendor) < 0)
		return NULL;
	items = items_json(vendor.classes);
	return items ? json_pack("{s:I, s:o}", "enterprise", (json_int_t)vendor.enterprise, "items",
			       items)
		     : NULL;
}

static json_t *remote_id_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_remote_id remote;

	(void)depth;
	if (dhcp6_get_remote_id(data, &remote) < 0)
		return NULL;
	return json_pack("{s:I, s:o}", "enterprise", (json_int_t)remote.enterprise, "id",
		hex_json(remote.id));
}

static json_t *nii_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_nii nii;

	(void)depth;
	if (dhcp6_get_nii(data, &nii) < 0)
		return NULL;
	return json_pack("{s:i, s:i, s:i}", "type", (int)nii.type, "major", (int)nii.major, "minor",
		(int)nii.minor);
}

static json_t *linklayer_fields(struct wire_in data, unsigned depth)
{
	struct dhcp6_linklayer linklayer;

	(void)depth;
	if (dhcp6_get_linklayer(data, &linklayer) < 0)
		return NULL;
	return json_pack("{s:i, s:o}", "hw_type", (int)linklayer.hw_type, "address",
		hex_json(linklayer.address));
}

static const struct {
	uint16_t code;
	fields_fn *fields;
} fields_table[] = {
	{DHCP6_OPT_CLIENTID, duid_fields},
	{DHCP6_OPT_SERVERID, duid_fields},
	{DHCP6_OPT_IA_NA, ia_na_fields},
	{DHCP6_OPT_IAADDR, iaaddr_fields},
	{DHCP6_OPT_ORO, codes_fields},
	{DHCP6_OPT_PREFERENCE, u8_fields},
	{DHCP6_OPT_ELAPSED_TIME, u16_fields},
	{DHCP6_OPT_RELAY_MSG, relay_msg_fields},
	{DHCP6_OPT_STATUS_CODE, status_fields},
	{DHCP6_OPT_USER_CLASS, items_fields},
	{DHCP6_OPT_VENDOR_CLASS, vendor_class_fields},
	{DHCP6_OPT_REMOTE_ID, remote_id_fields},
	{DHCP6_OPT_BOOTFILE_PARAM, items_fields},
	{DHCP6_OPT_CLIENT_ARCH, codes_fields},
	{DHCP6_OPT_NII, nii_fields},
	{DHCP6_OPT_CLIENT_LINKLAYER_ADDR, linklayer_fields},
	{DHCP6_OPT_RELAY_PORT, u16_fields},
};

static json_t *option_json(const struct dhcp6_option *option, unsigned depth)
{
	json_t *json = NULL;

	for (size_t i = 0; i < sizeof(fields_table) / sizeof(fields_table[0]); i++)
		if (fields_table[i].code == option->code && depth < DEPTH_MAX)
			json = fields_table[i].fields(option->data, depth + 1);
	if (!json)
		json = json_pack("{s:o}", "data", hex_json(option->data));
	json_object_set_new(json, "code", json_integer(option->code));
	return json;
}

static json_t *options_json(struct wire_in options, unsigned depth)
{
	json_t *array = json_array();
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		json_array_append_new(array, option_json(&option, depth));
	if (!options.bad)
		return array;
	json_decref(array);
	return json_null();
}

static json_t *message_json(struct wire_in in, unsigned depth)
{
	struct dhcp6_relay relay;
	struct dhcp6_message message;

	if (dhcp6_relay_read(in, &relay) == 0)
		return json_pack("{s:i, s:i, s:o, s:o, s:o}", "type", (int)relay.type, "hop_count",
			(int)relay.hop_count, "link_address", address_json(&relay.link_address),
			"peer_address", address_json(&relay.peer_address), "options",
			options_json(relay.options, depth));
	if (dhcp6_message_read(in, &message) == 0)
		return json_pack("{s:i, s:I, s:o}", "type", (int)message.type, "xid",
			(json_int_t)message.xid, "options", options_json(message.options, depth));
	return NULL;
}

static json_t *relays_json(struct wire_in datagram)
{
	struct dhcp6_chain chain;

	return dhcp6_chain_read(datagram, &chain) < 0 ? json_null()
						      : json_integer((json_int_t)chain.count);
}

static json_t *octets_json(struct wire_in datagram)
{
	static uint8_t buf[DHCP6_MESSAGE_MAX];
	struct wire_out out = wire_out_of(buf, sizeof(buf));

	if (reencode(datagram, &out) < 0 || out.bad)
		return json_null();
	return hex_json(wire_in_of(buf, out.len));
}

static bool dump(struct wire_in datagram)
{
	json_t *message = message_json(datagram, 0);
	json_t *line = json_pack("{s:o, s:o, s:o}", "message", message ? message : json_null(),
		"relays", relays_json(datagram), "octets", octets_json(datagram));
	bool written = line && json_dumpf(line, stdout, JSON_COMPACT) == 0;

	putchar('\n');
	json_decref(line);
	return written;
}

/* Digits in place to octets; returns how many, or -1. */
static ssize_t parse_hex(char *line, uint8_t *octets)
{
	size_t n = strcspn(line, "\n") / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned octet;

		if (sscanf(line + 2 * i, "%2x", &octet) != 1)
			return -1;
		octets[i] = (uint8_t)octet;
	}
	return (ssize_t)n;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		uint8_t *octets = malloc(strlen(line));
		ssize_t n = octets ? parse_hex(line, octets) : -1;

		if (n < 0 || !dump(wire_in_of(octets, (size_t)n))) {
			fprintf(stderr, "codec_dump: not a line of hexadecimal digits: %s", line);
			return EXIT_FAILURE;
		}
		free(octets);
	}
	free(line);
	return EXIT_SUCCESS;
}
