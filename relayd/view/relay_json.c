/* SPDX-License-Identifier: ISC */
#include "relayd/view/relay_json.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>

#include "dhcp6/identity.h"
#include "dhcp6/names.h"
#include "relayd/links/counters.h"
#include "util/utf8.h"

enum { OCTETS_SHOWN = 130 }; /* a DUID has no more */

void relay_json_set_address(json_t *to, const char *key, const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	if (!IN6_IS_ADDR_UNSPECIFIED(address))
		json_object_set_new(
			to, key, json_string(inet_ntop(AF_INET6, address, text, sizeof(text))));
}

void relay_json_set_number(json_t *to, const char *key, uint64_t value)
{
	json_object_set_new(to, key, json_integer((json_int_t)value));
}

static bool is_printable(const char *text)
{
	uint32_t code;
	size_t len;

	for (; *text; text += len) {
		len = utf8_character(text, &code);
		if (len == 0 || (utf8_is_control(code) && code != '\n'))
			return false;
	}
	return true;
}

void relay_json_set_text(json_t *to, const char *key, const char *text)
{
	char escaped[4 * 512];

	if (!text || !*text)
		return;
	json_object_set_new(to, key,
		json_string(
			is_printable(text) ? text : utf8_escape(text, escaped, sizeof(escaped))));
}

const char *relay_link_text(const char *name, char text[RELAY_LINK_TEXT])
{
	return utf8_escape(name, text, RELAY_LINK_TEXT);
}

void relay_json_set_link(json_t *to, const char *key, const char *name)
{
	char text[RELAY_LINK_TEXT];

	if (*name)
		json_object_set_new(to, key, json_string(relay_link_text(name, text)));
}

void relay_json_set_octets(json_t *to, const char *key, const uint8_t *octets, size_t len)
{
	char hex[2 + 2 * OCTETS_SHOWN + 1] = "0x";
	bool is_text = len > 0;

	for (size_t i = 0; i < len; i++)
		is_text = is_text && octets[i] >= ' ' && octets[i] <= '~';
	if (is_text) {
		json_object_set_new(to, key, json_stringn((const char *)octets, len));
		return;
	}
	dhcp6_hex_format(octets, len < OCTETS_SHOWN ? len : OCTETS_SHOWN, hex + 2);
	json_object_set_new(to, key, json_string(hex));
}

const char *relay_type_name(unsigned slot, char text[RELAY_TYPE_NAME])
{
	const char *name;

	if (slot == RELAY_TYPE_OTHER)
		return "other";
	name = dhcp6_message_name(relay_slot_type(slot));
	if (name)
		return name;
	snprintf(text, RELAY_TYPE_NAME, "type-%u", relay_slot_type(slot));
	return text;
}

void relay_json_set_type(json_t *to, const char *key, uint8_t type)
{
	char text[RELAY_TYPE_NAME];
	const char *name = dhcp6_message_name(type);

	if (!name)
		snprintf(text, sizeof(text), "type-%u", type);
	json_object_set_new(to, key, json_string(name ? name : text));
}
