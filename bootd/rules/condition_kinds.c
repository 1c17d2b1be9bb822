/* SPDX-License-Identifier: ISC */
/*
 * For each kind of condition: how a value is read from the configuration, which clients it matches,
 * and which values it covers. The table is at the end.
 */
#include "bootd/rules/conditions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_host.h"
#include "daemon/config.h"
#include "dhcp6/names.h"

enum { ARCH_X64_UEFI = 7, ARCH_EBC_UEFI = 9 };

/* Appends a copy of the value; it then belongs to the condition. */
static int append(struct condition *condition, const struct condition_value *value)
{
	struct condition_value *more =
		realloc(condition->value, (condition->values + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	condition->value = more;
	more[condition->values++] = *value;
	return 0;
}

/* --- arch -------------------------------------------------------------------- */

int arch_code_read(const char *text, uint16_t *code)
{
	const struct dhcp6_arch *arch = dhcp6_arch_named(text);
	size_t digits = strspn(text, "0123456789");
	unsigned long number;

	if (arch) {
		*code = arch->code;
		return 0;
	}
	if (digits == 0 || digits > 5 || text[digits])
		return -EINVAL;
	number = strtoul(text, NULL, 10);
	*code = (uint16_t)number;
	return number > UINT16_MAX ? -EINVAL : 0;
}

/* A name or number is one value; the name of a group is one value per architecture in it. */
static int arch_build(
	struct condition *condition, const char *text, const struct condition_value *base)
{
	struct condition_value value = *base;
	const struct dhcp6_arch *arch;
	size_t before = condition->values;

	if (arch_code_read(text, &value.arch) == 0)
		return append(condition, &value);
	value.of_group = true;
	for (unsigned i = 0; (arch = dhcp6_arch_row(i)); i++) {
		if (!dhcp6_arch_is_of(arch, text))
			continue;
		value.arch = arch->code;
		if (append(condition, &value) < 0)
			return -ENOMEM;
	}
	return condition->values > before ? 0 : -EINVAL;
}

/* Some x64 firmware sends 9, following an older version of IANA's list. */
static bool is_arch(const struct condition_value *value, uint16_t code)
{
	return value->arch == code || (value->arch == ARCH_X64_UEFI && code == ARCH_EBC_UEFI);
}

static bool arch_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	for (unsigned i = 0; i < c->facts->archs; i++)
		if (is_arch(value, c->facts->arch[i]))
			return true;
	return false;
}

static bool arch_covers(const struct condition_value *a, const struct condition_value *b)
{
	return is_arch(a, b->arch);
}

/* --- text patterns ----------------------------------------------------------- */

static int read_hex(const char *text, struct text_pattern *pattern)
{
	size_t room = strlen(text) / 2;
	int len;

	if (room == 0)
		return -EINVAL;
	pattern->text = malloc(room);
	if (!pattern->text)
		return -ENOMEM;
	len = dhcp6_hex_parse(text, (uint8_t *)pattern->text, room);
	if (len < 0) {
		free(pattern->text);
		*pattern = (struct text_pattern){0};
		return len;
	}
	pattern->len = (size_t)len;
	return 0;
}

int text_pattern_read(const char *text, struct text_pattern *pattern)
{
	size_t len = strlen(text);

	*pattern = (struct text_pattern){0};
	if (strncmp(text, "0x", 2) == 0)
		return read_hex(text + 2, pattern);
	if (len == 0)
		return -EINVAL;
	pattern->is_start = text[len - 1] == '*';
	pattern->len = len - pattern->is_start;
	pattern->text = strdup(text);
	return pattern->text ? 0 : -ENOMEM;
}

static int pattern_build(
	struct condition *condition, const char *text, const struct condition_value *base)
{
	struct condition_value value = *base;
	int rc = text_pattern_read(text, &value.pattern);

	if (rc == 0)
		rc = append(condition, &value);
	if (rc < 0)
		free(value.pattern.text);
	return rc;
}

static void pattern_free(struct condition_value *value)
{
	free(value->pattern.text);
}

bool text_pattern_matches(const struct text_pattern *pattern, const void *octets, size_t len)
{
	if (pattern->is_start ? len < pattern->len : len != pattern->len)
		return false;
	return pattern->len == 0 || memcmp(octets, pattern->text, pattern->len) == 0;
}

/* An empty view: the message does not have the option. */
static bool view_has(const struct condition_value *value, const struct wire_in *view)
{
	return wire_left(view) > 0 &&
	       text_pattern_matches(&value->pattern, view->pos, wire_left(view));
}

static bool pattern_covers(const struct condition_value *a, const struct condition_value *b)
{
	if (b->pattern.is_start && !a->pattern.is_start)
		return false;
	return text_pattern_matches(&a->pattern, b->pattern.text, b->pattern.len);
}

static bool user_class_matches(
	const struct condition_value *value, const struct condition_candidate *c)
{
	for (unsigned i = 0; i < c->facts->user_classes; i++)
		if (text_pattern_matches(&value->pattern, c->facts->user_class[i].pos,
			    wire_left(&c->facts->user_class[i])))
			return true;
	return false;
}

static bool vendor_class_matches(
	const struct condition_value *value, const struct condition_candidate *c)
{
	for (unsigned i = 0; i < c->facts->vendor_classes; i++) {
		const struct wire_in *text = &c->facts->vendor_class[i].text;

		if (text_pattern_matches(&value->pattern, text->pos, wire_left(text)))
			return true;
	}
	return false;
}

static bool interface_id_matches(
	const struct condition_value *value, const struct condition_candidate *c)
{
	return view_has(value, &c->facts->interface_id);
}

static bool remote_id_matches(
	const struct condition_value *value, const struct condition_candidate *c)
{
	return view_has(value, &c->facts->remote_id);
}

static bool host_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	return c->host &&
	       text_pattern_matches(&value->pattern, c->host->name, strlen(c->host->name));
}

static bool group_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	for (size_t i = 0; c->host && i < c->host->groups; i++)
		if (text_pattern_matches(
			    &value->pattern, c->host->group[i], strlen(c->host->group[i])))
			return true;
	return false;
}

/* --- mac --------------------------------------------------------------------- */

/* "52:54:00" and "52:54:00:" are the same. */
static int mac_build(
	struct condition *condition, const char *text, const struct condition_value *base)
{
	struct condition_value value = *base;
	char whole[] = "00:00:00:00:00:00";
	size_t n = strlen(text);

	if (n > 0 && text[n - 1] == ':')
		n--;
	if (n % 3 != 2 || n >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, text, n);
	if (dhcp6_mac_parse(whole, value.mac.octets) < 0)
		return -EINVAL;
	value.mac.len = (uint8_t)((n + 1) / 3);
	return append(condition, &value);
}

static bool mac_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	return c->facts->mac_source != CLIENT_MAC_UNKNOWN &&
	       memcmp(value->mac.octets, c->facts->mac, value->mac.len) == 0;
}

static bool mac_covers(const struct condition_value *a, const struct condition_value *b)
{
	return b->mac.len >= a->mac.len && memcmp(a->mac.octets, b->mac.octets, a->mac.len) == 0;
}

/* --- uuid -------------------------------------------------------------------- */

static int uuid_build(
	struct condition *condition, const char *text, const struct condition_value *base)
{
	struct condition_value value = *base;

	if (dhcp6_uuid_parse(text, value.uuid) < 0)
		return -EINVAL;
	return append(condition, &value);
}

static bool uuid_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	return c->facts->has_uuid && dhcp6_uuid_same(value->uuid, c->facts->uuid);
}

static bool uuid_covers(const struct condition_value *a, const struct condition_value *b)
{
	return dhcp6_uuid_same(a->uuid, b->uuid);
}

/* --- subnet ------------------------------------------------------------------ */

static int subnet_build(
	struct condition *condition, const char *text, const struct condition_value *base)
{
	struct condition_value value = *base;

	if (prefix_parse(text, &value.subnet) < 0)
		return -EINVAL;
	return append(condition, &value);
}

static bool subnet_matches(const struct condition_value *value, const struct condition_candidate *c)
{
	return c->subnet && prefix_covers(&value->subnet, c->subnet);
}

static bool subnet_covers(const struct condition_value *a, const struct condition_value *b)
{
	return prefix_covers(&a->subnet, &b->subnet);
}

/* --- the table --------------------------------------------------------------- */

#define PATTERN_SYNTAX                                                                             \
	"a text, the start of one with \"*\" at its end, or octets such as \"0x00ff\""
#define ROW(name, syntax, build, matches, covers, release, in_class)                               \
	{                                                                                          \
		name, syntax, build, matches, covers, release, in_class                            \
	}
#define TEXT_ROW(name, syntax, matches)                                                            \
	ROW(name, syntax, pattern_build, matches, pattern_covers, pattern_free, true)

static const struct condition_row row[CONDITION_KINDS] = {
	[CONDITION_ARCH] = ROW("arch",
		"an architecture such as x64-uefi, x64-http, arm64-uefi or x86-bios, its number, "
		"or a group such as uefi, http, bios, x64 or arm64",
		arch_build, arch_matches, arch_covers, NULL, true),
	[CONDITION_USER_CLASS] = TEXT_ROW("user-class", PATTERN_SYNTAX, user_class_matches),
	[CONDITION_VENDOR_CLASS] = TEXT_ROW("vendor-class", PATTERN_SYNTAX, vendor_class_matches),
	[CONDITION_HOST] = TEXT_ROW("host",
		"the name of a host, or the start of one with \"*\" at its end", host_matches),
	[CONDITION_GROUP] = TEXT_ROW("group",
		"the name of a group, or the start of one with \"*\" at its end", group_matches),
	[CONDITION_MAC] = ROW("mac", "the first octets of a MAC address such as \"52:54:00\"",
		mac_build, mac_matches, mac_covers, NULL, true),
	[CONDITION_UUID] = ROW("uuid", "a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\"",
		uuid_build, uuid_matches, uuid_covers, NULL, true),
	[CONDITION_SUBNET] = ROW("subnet", "a prefix such as \"2001:db8:1::/64\"", subnet_build,
		subnet_matches, subnet_covers, NULL, false),
	[CONDITION_INTERFACE_ID] = TEXT_ROW("interface-id", PATTERN_SYNTAX, interface_id_matches),
	[CONDITION_REMOTE_ID] = TEXT_ROW("remote-id", PATTERN_SYNTAX, remote_id_matches),
};

const struct condition_row *condition_row(enum condition_kind kind)
{
	return &row[kind];
}
