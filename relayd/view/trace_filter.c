/* SPDX-License-Identifier: ISC */
/*
 * Filters: parsing, matching, remembering.
 */
#include "relayd/view/trace_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"

static int take_mac(struct trace_filter *filter, const char *value)
{
	filter->has_mac = true;
	return dhcp6_mac_parse(value, filter->mac);
}

static int take_duid(struct trace_filter *filter, const char *value)
{
	return dhcp6_duid_parse(value, &filter->duid);
}

static int take_link(struct trace_filter *filter, const char *value)
{
	if (!*value || strlen(value) >= sizeof(filter->link))
		return -EINVAL;
	strcpy(filter->link, value);
	return 0;
}

static int take_address(struct trace_filter *filter, const char *value)
{
	filter->has_address = true;
	return config_address(value, &filter->address);
}

static int take_word(struct trace_filter *filter, const char *word, char *why, size_t size)
{
	static const struct {
		const char *name;
		int (*take)(struct trace_filter *filter, const char *value);
		const char *expected;
	} kinds[] = {
		{"mac", take_mac, "a MAC address"},
		{"duid", take_duid, "a DUID in hexadecimal digits"},
		{"link", take_link, "the name of a link"},
		{"address", take_address, "an IPv6 address"},
	};
	size_t len = strcspn(word, "=");

	for (size_t i = 0; word[len] && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) != len || strncmp(kinds[i].name, word, len) != 0)
			continue;
		if (kinds[i].take(filter, word + len + 1) == 0)
			return 0;
		snprintf(why, size, "%s: '%s' found, %s expected", kinds[i].name, word + len + 1,
			kinds[i].expected);
		return -EINVAL;
	}
	snprintf(why, size, "'%s' found, mac=, duid=, link= or address= expected", word);
	return -EINVAL;
}

int trace_filter_parse(
	struct trace_filter *filter, int n_words, char *const words[], char *why, size_t size)
{
	int rc = 0;

	*filter = (struct trace_filter){0};
	for (int i = 0; rc == 0 && i < n_words; i++)
		rc = take_word(filter, words[i], why, size);
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
	if (filter->n_known == 2 * TRACE_CLIENTS_KNOWN) /* full it stays, and never wraps */
		filter->n_known = TRACE_CLIENTS_KNOWN;
}

/* True where the message itself shows that it is meant. */
static bool shows(const struct trace_filter *filter, const struct trace_message *facts)
{
	if (filter->has_mac &&
		(!facts->mac_by || memcmp(filter->mac, facts->mac, DHCP6_MAC_LEN) != 0))
		return false;
	if (filter->duid.len && !dhcp6_duid_equal(&filter->duid, &facts->duid))
		return false;
	return !filter->has_address || IN6_ARE_ADDR_EQUAL(&filter->address, &facts->client) ||
	       trace_message_have_address(facts, &filter->address);
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
