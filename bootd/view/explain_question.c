/* SPDX-License-Identifier: ISC */
/*
 * The words of `boot explain` become the facts that a message would have. A table has a row for
 * each attribute: its name, its reader, and what is expected of its value.
 */
#include "bootd/view/explain_question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_value.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "dhcp6/identity.h"
#include "dhcp6/names.h"

/* --- attributes given as words ------------------------------------------------------------ */

static bool read_subnet(struct explain_question *q, const char *text)
{
	struct prefix prefix;

	q->facts.relays += q->facts.relays == 0;
	if (prefix_parse(text, &prefix) == 0)
		q->facts.link_address = prefix.address;
	else if (config_address(text, &q->facts.link_address) < 0)
		return false;
	return true;
}

static bool read_mac(struct explain_question *q, const char *text)
{
	q->facts.mac_source = CLIENT_MAC_FRAME;
	return dhcp6_mac_parse(text, q->facts.mac) == 0;
}

static bool read_arch(struct explain_question *q, const char *text)
{
	struct client_facts *facts = &q->facts;

	return facts->archs < CLIENT_ARCHS_MAX &&
	       arch_code_read(text, &facts->arch[facts->archs++]) == 0;
}

static bool read_uuid(struct explain_question *q, const char *text)
{
	q->facts.has_uuid = true;
	return dhcp6_uuid_parse(text, q->facts.uuid) == 0;
}

static bool read_duid(struct explain_question *q, const char *text)
{
	q->facts.has_client_id = true;
	return dhcp6_duid_parse(text, &q->facts.duid) == 0;
}

static bool read_iaid(struct explain_question *q, const char *text)
{
	char *end;
	unsigned long iaid = strtoul(text, &end, 0);

	q->facts.has_ia = true;
	q->facts.iaid = (uint32_t)iaid;
	return *text >= '0' && *text <= '9' && !*end && iaid <= UINT32_MAX;
}

static bool read_user_class(struct explain_question *q, const char *text)
{
	struct client_facts *facts = &q->facts;

	if (facts->user_classes == CLIENT_CLASSES_MAX)
		return false;
	facts->user_class[facts->user_classes++] = wire_in_of(text, strlen(text));
	return true;
}

static bool read_vendor_class(struct explain_question *q, const char *text)
{
	if (q->facts.vendor_classes == CLIENT_CLASSES_MAX)
		return false;
	q->facts.vendor_class[q->facts.vendor_classes++].text = wire_in_of(text, strlen(text));
	return true;
}

static bool read_interface_id(struct explain_question *q, const char *text)
{
	q->facts.interface_id = wire_in_of(text, strlen(text));
	return true;
}

static bool read_remote_id(struct explain_question *q, const char *text)
{
	q->facts.remote_id = wire_in_of(text, strlen(text));
	return true;
}

/* --- a message that was captured ------------------------------------------------------ */

static bool read_octets(struct explain_question *q, const char *text)
{
	int len = dhcp6_hex_parse(text, q->octets, sizeof(q->octets));

	if (len <= 0)
		return false;
	q->len = (size_t)len;
	q->has_message = true;
	return true;
}

static bool read_source(struct explain_question *q, const char *text)
{
	return config_address(text, &q->arrival.source) == 0;
}

static bool read_frame(struct explain_question *q, const char *text)
{
	q->arrival.mac = q->frame_mac;
	return dhcp6_mac_parse(text, q->frame_mac) == 0;
}

/* NULL, or what is wrong with the message. */
static const char *read_message(struct explain_question *q)
{
	struct dhcp6_chain chain;
	struct dhcp6_message message;
	int rc = dhcp6_chain_read(wire_in_of(q->octets, q->len), &chain);

	if (rc < 0)
		return rc == -ELOOP    ? "it has more relays than the hop limit allows"
		       : rc == -EPROTO ? "it is a server's answer; expected a request of a client"
				       : "the header or an option of a relay is malformed";
	if (dhcp6_message_read(chain.inner, &message) < 0 ||
		client_facts_read(&q->facts, &chain, &message, &q->arrival) < 0)
		return "the header or an option of the client is malformed";
	return NULL;
}

/* The message is read first; the other attributes replace what it has. */
static const struct {
	const char *name;
	bool (*read)(struct explain_question *q, const char *text);
	bool of_message;
	const char *expected;
} fact[] = {
	{"message", read_octets, true,
		"the octets of a DHCPv6 message in hexadecimal, such as \"0100aabb...\""},
	{"source", read_source, true, "an IPv6 address such as \"fe80::5054:ff:fe12:3456\""},
	{"frame", read_frame, true, "a MAC address such as \"52:54:00:12:34:56\""},
	{"subnet", read_subnet, false,
		"a prefix or an address of the client's link, such as \"2001:db8:1::/64\""},
	{"mac", read_mac, false, "a MAC address such as \"52:54:00:12:34:56\""},
	{"arch", read_arch, false,
		"an architecture such as \"x64-uefi\" or its number, at most 8 of them"},
	{"uuid", read_uuid, false, "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\""},
	{"duid", read_duid, false, "a DUID in hexadecimal such as \"00030001525400123456\""},
	{"iaid", read_iaid, false, "a number from 0 to 4294967295"},
	{"user-class", read_user_class, false, "at most 8 of them"},
	{"vendor-class", read_vendor_class, false, "at most 8 of them"},
	{"interface-id", read_interface_id, false, "a text"},
	{"remote-id", read_remote_id, false, "a text"},
};

enum { FACTS = sizeof(fact) / sizeof(fact[0]) };

/* The fact that the word names, with its value; FACTS: none. */
static size_t find_fact(const char *word, const char **value)
{
	for (size_t i = 0; i < FACTS; i++) {
		size_t len = strlen(fact[i].name);

		*value = word + len + 1;
		if (strncmp(word, fact[i].name, len) == 0 && word[len] == '=')
			return i;
	}
	return FACTS;
}

static json_t *unknown_fact(const char *word)
{
	char known[256] = "";

	for (size_t i = 0; i < FACTS; i++)
		strcat(strcat(known, i ? ", " : ""), fact[i].name);
	return control_error(
		"explain: \"%.80s\" is unknown; expected NAME=VALUE with one of the names "
		"%s",
		word, known);
}

/* Returns NULL, or an error that names the wrong word. */
static json_t *read_words(struct explain_question *q, int n, char *const words[], bool of_message)
{
	for (int i = 1; i < n; i++) {
		const char *value;
		size_t k = find_fact(words[i], &value);

		if (k == FACTS)
			return unknown_fact(words[i]);
		if (fact[k].of_message == of_message && !fact[k].read(q, value))
			return control_error("explain: %s: \"%.80s\" is not valid; expected %s",
				fact[k].name, value, fact[k].expected);
	}
	return NULL;
}

/* Add what a message of this client would have: an IA, and a DUID with its UUID. */
static void complete_facts(struct explain_question *q)
{
	struct client_facts *facts = &q->facts;

	if (facts->has_uuid && !facts->has_client_id)
		client_facts_set_uuid(facts);
	client_facts_of_duid(facts);
	facts->has_ia |= !q->has_message;
}

json_t *explain_question_read(struct explain_question *q, int n, char *const words[])
{
	json_t *wrong;
	const char *why;

	*q = (struct explain_question){.facts.type = DHCP6_SOLICIT, .arrival.multicast = true};
	wrong = read_words(q, n, words, true);
	if (wrong)
		return wrong;
	why = q->has_message ? read_message(q) : NULL;
	if (why)
		return control_error("explain: message: %s", why);
	wrong = read_words(q, n, words, false);
	if (!wrong)
		complete_facts(q);
	return wrong;
}

void explain_question_set_subnet(struct explain_question *q, const char *text)
{
	read_subnet(q, text);
}
