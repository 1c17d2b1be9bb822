/* SPDX-License-Identifier: ISC */
/* One function per condition, in a table that `explain` names them from. */
#include "bootd/rules/conditions.h"

#include <string.h>

enum { ARCH_X64_UEFI = 7, ARCH_EBC_UEFI = 9 };

/* What the conditions are held against. */
struct candidate {
	const struct client_facts *facts;
	const struct subnet *subnet;
	const struct boot_host *host;
};

static bool pattern_matches(const struct text_pattern *pattern, const void *octets, size_t len)
{
	if (!pattern->text)
		return true;
	if (pattern->is_start ? len < pattern->len : len != pattern->len)
		return false;
	return pattern->len == 0 || memcmp(octets, pattern->text, pattern->len) == 0;
}

static bool view_matches(const struct text_pattern *pattern, const struct wire_in *view)
{
	return pattern_matches(pattern, view->pos, wire_left(view));
}

/* Some x64 firmware sends 9, by an older list of the numbers. */
bool conditions_name_arch(const struct conditions *when, uint16_t code)
{
	for (size_t i = 0; i < when->archs; i++)
		if (when->arch[i] == code ||
			(when->arch[i] == ARCH_X64_UEFI && code == ARCH_EBC_UEFI))
			return true;
	return false;
}

static bool match_arch(const struct conditions *when, const struct candidate *c)
{
	for (unsigned i = 0; i < c->facts->archs; i++)
		if (conditions_name_arch(when, c->facts->arch[i]))
			return true;
	return when->archs == 0;
}

static bool match_user_class(const struct conditions *when, const struct candidate *c)
{
	for (unsigned i = 0; i < c->facts->user_classes; i++)
		if (view_matches(&when->user_class, &c->facts->user_class[i]))
			return true;
	return !when->user_class.text;
}

static bool match_vendor_class(const struct conditions *when, const struct candidate *c)
{
	return !when->vendor_class.text ||
	       (c->facts->has_vendor_class &&
		       view_matches(&when->vendor_class, &c->facts->vendor_class));
}

static bool match_mac(const struct conditions *when, const struct candidate *c)
{
	return when->mac_len == 0 || (c->facts->mac_source != CLIENT_MAC_UNKNOWN &&
					     memcmp(when->mac, c->facts->mac, when->mac_len) == 0);
}

static bool match_uuid(const struct conditions *when, const struct candidate *c)
{
	return !when->has_uuid ||
	       (c->facts->has_uuid && dhcp6_uuid_same(when->uuid, c->facts->uuid));
}

static bool match_subnet(const struct conditions *when, const struct candidate *c)
{
	return !when->has_subnet || (c->subnet && prefix_covers(&when->subnet, &c->subnet->prefix));
}

static bool match_interface_id(const struct conditions *when, const struct candidate *c)
{
	return view_matches(&when->interface_id, &c->facts->interface_id);
}

static bool match_remote_id(const struct conditions *when, const struct candidate *c)
{
	return view_matches(&when->remote_id, &c->facts->remote_id);
}

static bool match_host(const struct conditions *when, const struct candidate *c)
{
	return !when->host.text ||
	       (c->host && pattern_matches(&when->host, c->host->name, strlen(c->host->name)));
}

static bool match_group(const struct conditions *when, const struct candidate *c)
{
	for (size_t i = 0; c->host && i < c->host->groups; i++)
		if (pattern_matches(&when->group, c->host->group[i], strlen(c->host->group[i])))
			return true;
	return !when->group.text;
}

static const struct {
	const char *name;
	bool (*matches)(const struct conditions *when, const struct candidate *c);
} condition[] = {
	{"arch", match_arch},
	{"user-class", match_user_class},
	{"vendor-class", match_vendor_class},
	{"host", match_host},
	{"group", match_group},
	{"mac", match_mac},
	{"uuid", match_uuid},
	{"subnet", match_subnet},
	{"interface-id", match_interface_id},
	{"remote-id", match_remote_id},
};

const char *conditions_unmet(const struct conditions *when, const struct client_facts *facts,
	const struct subnet *subnet, const struct boot_host *host)
{
	const struct candidate candidate = {facts, subnet, host};

	for (size_t i = 0; i < sizeof(condition) / sizeof(condition[0]); i++)
		if (!condition[i].matches(when, &candidate))
			return condition[i].name;
	return NULL;
}

const struct address_class *conditions_choose_class(
	const struct subnet *subnet, const struct client_facts *facts, const struct boot_host *host)
{
	for (size_t i = 0; i < subnet->classes; i++)
		if (!conditions_unmet(&subnet->class[i].when, facts, subnet, host))
			return &subnet->class[i];
	return NULL;
}

static bool pattern_covers(const struct text_pattern *a, const struct text_pattern *b)
{
	if (!a->text)
		return true;
	if (!b->text || (b->is_start && !a->is_start))
		return false;
	return pattern_matches(a, b->text, b->len);
}

static bool archs_cover(const struct conditions *a, const struct conditions *b)
{
	if (a->archs == 0)
		return true;
	for (size_t i = 0; i < b->archs; i++)
		if (!conditions_name_arch(a, b->arch[i]) ||
			(b->arch[i] == ARCH_X64_UEFI && !conditions_name_arch(a, ARCH_EBC_UEFI)))
			return false;
	return b->archs > 0;
}

bool conditions_cover(const struct conditions *a, const struct conditions *b)
{
	return archs_cover(a, b) && pattern_covers(&a->user_class, &b->user_class) &&
	       pattern_covers(&a->vendor_class, &b->vendor_class) &&
	       pattern_covers(&a->interface_id, &b->interface_id) &&
	       pattern_covers(&a->remote_id, &b->remote_id) && pattern_covers(&a->host, &b->host) &&
	       pattern_covers(&a->group, &b->group) &&
	       (a->mac_len == 0 ||
		       (b->mac_len >= a->mac_len && memcmp(a->mac, b->mac, a->mac_len) == 0)) &&
	       (!a->has_uuid || (b->has_uuid && dhcp6_uuid_same(a->uuid, b->uuid))) &&
	       (!a->has_subnet || (b->has_subnet && prefix_covers(&a->subnet, &b->subnet)));
}
