/* SPDX-License-Identifier: ISC */
/*
 * The words of `boot explain` become the facts that a message of the client would have. A table has
 * a row for each word: its name, its reader, and what is expected of its value.
 */
#include "bootd/view/explain_question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_read.h"
#include "bootd/view/boot_view.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "dhcp6/identity.h"
#include "dhcp6/names.h"

/* --- attributes given as words ------------------------------------------------------------ */

static bool read_subnet(void *question, const char *text)
{
	struct explain_question *q = question;
	struct prefix prefix;

	q->facts.relays += q->facts.relays == 0;
	if (prefix_parse(text, &prefix) == 0)
		q->facts.link_address = prefix.address;
	else if (config_address(text, &q->facts.link_address) < 0)
		return false;
	return true;
}

static bool read_mac(void *question, const char *text)
{
	struct explain_question *q = question;

	q->facts.mac_source = CLIENT_MAC_FRAME;
	return dhcp6_mac_parse(text, q->facts.mac) == 0;
}

static bool read_arch(void *question, const char *text)
{
	struct explain_question *q = question;
	struct client_facts *facts = &q->facts;

	return facts->archs < CLIENT_ARCHS_MAX &&
	       arch_code_read(text, &facts->arch[facts->archs++]) == 0;
}

static bool read_uuid(void *question, const char *text)
{
	struct explain_question *q = question;

	q->facts.has_uuid = true;
	return dhcp6_uuid_parse(text, q->facts.uuid) == 0;
}

static bool read_duid(void *question, const char *text)
{
	struct explain_question *q = question;

	q->facts.has_client_id = true;
	return dhcp6_duid_parse(text, &q->facts.duid) == 0;
}

static bool read_iaid(void *question, const char *text)
{
	struct explain_question *q = question;
	char *end;
	unsigned long iaid = strtoul(text, &end, 0);

	q->facts.has_ia = true;
	q->facts.iaid = (uint32_t)iaid;
	return *text >= '0' && *text <= '9' && !*end && iaid <= UINT32_MAX;
}

static bool read_user_class(void *question, const char *text)
{
	struct explain_question *q = question;
	struct client_facts *facts = &q->facts;

	if (facts->user_classes == CLIENT_CLASSES_MAX)
		return false;
	facts->user_class[facts->user_classes++] = wire_in_of(text, strlen(text));
	return true;
}

static bool read_vendor_class(void *question, const char *text)
{
	struct explain_question *q = question;

	if (q->facts.vendor_classes == CLIENT_CLASSES_MAX)
		return false;
	q->facts.vendor_class[q->facts.vendor_classes++].text = wire_in_of(text, strlen(text));
	return true;
}

static bool read_interface_id(void *question, const char *text)
{
	struct explain_question *q = question;

	q->facts.interface_id = wire_in_of(text, strlen(text));
	return true;
}

static bool read_remote_id(void *question, const char *text)
{
	struct explain_question *q = question;

	q->facts.remote_id = wire_in_of(text, strlen(text));
	return true;
}

/* --- a message that was captured ------------------------------------------------------ */

static bool read_octets(void *question, const char *text)
{
	struct explain_question *q = question;
	int len = dhcp6_hex_parse(text, q->octets, sizeof(q->octets));

	if (len <= 0)
		return false;
	q->len = (size_t)len;
	q->has_message = true;
	return true;
}

static bool read_source(void *question, const char *text)
{
	struct explain_question *q = question;

	return config_address(text, &q->arrival.source) == 0;
}

static bool read_frame(void *question, const char *text)
{
	struct explain_question *q = question;

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

/* Passes: the message is read first, because the attributes replace what it has. */
enum { MESSAGE, ATTRIBUTES };

static const struct boot_word fact[] = {
	{"message", read_octets,
		"the octets of a DHCPv6 message in hexadecimal, such as \"0100aabb...\"", MESSAGE},
	{"source", read_source, "an IPv6 address such as \"fe80::5054:ff:fe12:3456\"", MESSAGE},
	{"frame", read_frame, "a MAC address such as \"52:54:00:12:34:56\"", MESSAGE},
	{"subnet", read_subnet,
		"a prefix or an address of the client's link, such as \"2001:db8:1::/64\"",
		ATTRIBUTES},
	{"mac", read_mac, "a MAC address such as \"52:54:00:12:34:56\"", ATTRIBUTES},
	{"arch", read_arch, "an architecture such as \"x64-uefi\" or its number, at most 8 of them",
		ATTRIBUTES},
	{"uuid", read_uuid, "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\"", ATTRIBUTES},
	{"duid", read_duid, "a DUID in hexadecimal such as \"00030001525400123456\"", ATTRIBUTES},
	{"iaid", read_iaid, "a number from 0 to 4294967295", ATTRIBUTES},
	{"user-class", read_user_class, "at most 8 of them", ATTRIBUTES},
	{"vendor-class", read_vendor_class, "at most 8 of them", ATTRIBUTES},
	{"interface-id", read_interface_id, "a text", ATTRIBUTES},
	{"remote-id", read_remote_id, "a text", ATTRIBUTES},
};

static json_t *read_words(struct explain_question *q, int n, char *const words[], unsigned pass)
{
	return boot_view_read_words(fact, sizeof(fact) / sizeof(fact[0]), pass, q, n, words);
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
	wrong = read_words(q, n, words, MESSAGE);
	if (wrong)
		return wrong;
	why = q->has_message ? read_message(q) : NULL;
	if (why)
		return control_error("explain: message: %s", why);
	wrong = read_words(q, n, words, ATTRIBUTES);
	if (!wrong)
		complete_facts(q);
	return wrong;
}

void explain_question_set_subnet(struct explain_question *q, const char *text)
{
	read_subnet(q, text);
}
