/* SPDX-License-Identifier: ISC */
/* Matching: one function per condition, in a table that `explain` names them from. */
#include "bootd/dhcp/boot_rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/files/template.h"

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
bool boot_rule_names_arch(const struct boot_rule *rule, uint16_t code)
{
	for (size_t i = 0; i < rule->archs; i++)
		if (rule->arch[i] == code ||
			(rule->arch[i] == ARCH_X64_UEFI && code == ARCH_EBC_UEFI))
			return true;
	return false;
}

static bool match_arch(const struct boot_rule *rule, const struct candidate *c)
{
	for (unsigned i = 0; i < c->facts->archs; i++)
		if (boot_rule_names_arch(rule, c->facts->arch[i]))
			return true;
	return rule->archs == 0;
}

static bool match_user_class(const struct boot_rule *rule, const struct candidate *c)
{
	for (unsigned i = 0; i < c->facts->user_classes; i++)
		if (view_matches(&rule->user_class, &c->facts->user_class[i]))
			return true;
	return !rule->user_class.text;
}

static bool match_vendor_class(const struct boot_rule *rule, const struct candidate *c)
{
	return !rule->vendor_class.text ||
	       (c->facts->has_vendor_class &&
		       view_matches(&rule->vendor_class, &c->facts->vendor_class));
}

static bool match_mac(const struct boot_rule *rule, const struct candidate *c)
{
	return rule->mac_len == 0 || (c->facts->mac_source != CLIENT_MAC_UNKNOWN &&
					     memcmp(rule->mac, c->facts->mac, rule->mac_len) == 0);
}

static bool match_uuid(const struct boot_rule *rule, const struct candidate *c)
{
	return !rule->has_uuid ||
	       (c->facts->has_uuid && dhcp6_uuid_same(rule->uuid, c->facts->uuid));
}

static bool match_subnet(const struct boot_rule *rule, const struct candidate *c)
{
	return !rule->has_subnet || (c->subnet && prefix_covers(&rule->subnet, &c->subnet->prefix));
}

static bool match_interface_id(const struct boot_rule *rule, const struct candidate *c)
{
	return view_matches(&rule->interface_id, &c->facts->interface_id);
}

static bool match_remote_id(const struct boot_rule *rule, const struct candidate *c)
{
	return view_matches(&rule->remote_id, &c->facts->remote_id);
}

static bool match_host(const struct boot_rule *rule, const struct candidate *c)
{
	return !rule->host.text ||
	       (c->host && pattern_matches(&rule->host, c->host->name, strlen(c->host->name)));
}

static bool match_group(const struct boot_rule *rule, const struct candidate *c)
{
	for (size_t i = 0; c->host && i < c->host->groups; i++)
		if (pattern_matches(&rule->group, c->host->group[i], strlen(c->host->group[i])))
			return true;
	return !rule->group.text;
}

static const struct {
	const char *name;
	bool (*matches)(const struct boot_rule *rule, const struct candidate *c);
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

const char *boot_rule_mismatch(const struct boot_rule *rule, const struct client_facts *facts,
	const struct subnet *subnet, const struct boot_host *host)
{
	const struct candidate candidate = {facts, subnet, host};

	for (size_t i = 0; i < sizeof(condition) / sizeof(condition[0]); i++)
		if (!condition[i].matches(rule, &candidate))
			return condition[i].name;
	return NULL;
}

int boot_rule_apply(const struct boot_rule *rule, enum firmware_kind kind,
	struct boot_values *values, struct boot_choice *choice, char why[BOOT_REASON_SIZE])
{
	char culprit[TEMPLATE_NAME_SIZE];
	const char *reason;
	ssize_t len = template_expand(rule->url, strlen(rule->url), boot_values_lookup, values,
		choice->url, sizeof(choice->url), culprit);

	if (len < 0)
		reason = len == -EINVAL ? "a variable's value has a control character"
					: "its URL is too long";
	else if (firmware_takes_url(kind, choice->url, &reason)) {
		choice->rule = rule;
		choice->kind = kind;
		choice->with_params = rule->params > 0 && firmware_takes_params(kind, rule->param,
								  rule->params, &reason);
		return 0;
	}
	snprintf(why, BOOT_REASON_SIZE, "%s", reason);
	return -EINVAL;
}

void boot_rule_choose(struct boot_choice *choice, const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet, const struct boot_host *host,
	struct boot_values *values)
{
	enum firmware_kind kind = firmware_of(facts);
	char why[BOOT_REASON_SIZE];

	*choice = (struct boot_choice){.kind = kind};
	for (size_t i = 0; i < config->rules; i++)
		if (!boot_rule_mismatch(&config->rule[i], facts, subnet, host) &&
			boot_rule_apply(&config->rule[i], kind, values, choice, why) == 0)
			return;
	choice->url[0] = '\0';
}

static bool pattern_covers(const struct text_pattern *a, const struct text_pattern *b)
{
	if (!a->text)
		return true;
	if (!b->text || (b->is_start && !a->is_start))
		return false;
	return pattern_matches(a, b->text, b->len);
}

static bool archs_cover(const struct boot_rule *a, const struct boot_rule *b)
{
	if (a->archs == 0)
		return true;
	for (size_t i = 0; i < b->archs; i++)
		if (!boot_rule_names_arch(a, b->arch[i]) ||
			(b->arch[i] == ARCH_X64_UEFI && !boot_rule_names_arch(a, ARCH_EBC_UEFI)))
			return false;
	return b->archs > 0;
}

bool boot_rule_covers(const struct boot_rule *a, const struct boot_rule *b)
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
