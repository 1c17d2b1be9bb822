/* SPDX-License-Identifier: ISC */
/*
 * Parsing filters, matching messages, and remembering the clients that matched.
 */
#include "relayd/view/trace_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"

static int parse_mac(struct trace_filter *filter, const char *value)
{
	filter->has_mac = true;
	return dhcp6_mac_parse(value, filter->mac);
}

static int parse_duid(struct trace_filter *filter, const char *value)
{
	return dhcp6_duid_parse(value, &filter->duid);
}

static int parse_link(struct trace_filter *filter, const char *value)
{
	if (!*value || strlen(value) >= sizeof(filter->link))
		return -EINVAL;
	strcpy(filter->link, value);
	return 0;
}

static int parse_address(struct trace_filter *filter, const char *value)
{
	filter->has_address = true;
	return config_address(value, &filter->address);
}

static int parse_word(struct trace_filter *filter, const char *word, char *why, size_t size)
{
	static const struct {
		const char *name;
		int (*parse)(struct trace_filter *filter, const char *value);
		const char *expected;
	} kinds[] = {
		{"mac", parse_mac, "a MAC address"},
		{"duid", parse_duid, "a DUID in hexadecimal digits"},
		{"link", parse_link, "the name of a link"},
		{"address", parse_address, "an IPv6 address"},
	};
	size_t len = strcspn(word, "=");

	for (size_t i = 0; word[len] && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) != len || strncmp(kinds[i].name, word, len) != 0)
			continue;
		if (kinds[i].parse(filter, word + len + 1) == 0)
			return 0;
		snprintf(why, size, "%s: \"%s\" is not valid; expected %s", kinds[i].name, word + len + 1,
			kinds[i].expected);
		return -EINVAL;
	}
	snprintf(why, size, "unknown filter \"%s\"; expected mac=, duid=, link= or address=", word);
	return -EINVAL;
}

int trace_filter_parse(
	struct trace_filter *filter, int n_words, char *const words[], char *why, size_t size)
{
	int rc = 0;

	*filter = (struct trace_filter){0};
	for (int i = 0; rc == 0 && i < n_words; i++)
		rc = parse_word(filter, words[i], why, size);
	return rc;
}

static bool knows(
	const struct trace_filter *filter, const char *link, const struct in6_addr *address)
{
	unsigned n = filter->n_known < TRACE_CLIENTS_KNOWN ? filter->n_known : TRACE_CLIENTS_KNOWN;

	for (unsigned i = 0; i < n; i++)
		if (strcmp(filter->known[i].link, link) == 0 &&
			IN6_ARE_ADDR_EQUAL(&filter->known[i].address, address))
			return true;
	return false;
}

static void learn(struct trace_filter *filter, const char *link, const struct in6_addr *address)
{
	unsigned place = filter->n_known++ % TRACE_CLIENTS_KNOWN;

	snprintf(filter->known[place].link, sizeof(filter->known[place].link), "%s", link);
	filter->known[place].address = *address;
	if (filter->n_known == 2 * TRACE_CLIENTS_KNOWN) /* stays full, and the counter never wraps */
		filter->n_known = TRACE_CLIENTS_KNOWN;
}

/* True if the message itself identifies a client that the filter asks for. */
static bool shows(const struct trace_filter *filter, const struct trace_message *facts)
{
	if (filter->has_mac &&
		(!facts->mac_by || memcmp(filter->mac, facts->mac, DHCP6_MAC_LEN) != 0))
		return false;
	if (filter->duid.len && !dhcp6_duid_equal(&filter->duid, &facts->duid))
		return false;
	return !filter->has_address || IN6_ARE_ADDR_EQUAL(&filter->address, &facts->client) ||
	       trace_message_has_address(facts, &filter->address);
}

bool trace_filter_match(
	struct trace_filter *filter, const char *link, const struct trace_message *facts)
{
	if (*filter->link && strcmp(filter->link, link) != 0)
		return false;
	if (!filter->has_mac && !filter->duid.len && !filter->has_address)
		return true;
	if (knows(filter, link, &facts->client))
		return true;
	if (!shows(filter, facts))
		return false;
	if (!IN6_IS_ADDR_UNSPECIFIED(&facts->client))
		learn(filter, link, &facts->client);
	return true;
}
