/* SPDX-License-Identifier: ISC */
/*
 * The key of a machine and its text: "52:54:00:12:34:56", or the octets of a DUID, followed by "/01"
 * or "/12345678" if the key has a part. The lease stores and the control socket use this text.
 */
#include "bootd/client/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct machine machine_of_mac(const uint8_t mac[DHCP6_MAC_LEN])
{
	struct machine machine = {.is_mac = true, .len = DHCP6_MAC_LEN};

	memcpy(machine.octets, mac, DHCP6_MAC_LEN);
	return machine;
}

struct machine machine_of_duid(const struct dhcp6_duid *duid)
{
	struct machine machine = {.is_mac = false, .len = duid->len};

	memcpy(machine.octets, duid->octets, duid->len);
	return machine;
}

static struct machine with_part(const struct machine *machine, const uint8_t *part, uint8_t len)
{
	struct machine result = *machine;

	result.len = (uint8_t)(machine->len - machine->part);
	memcpy(result.octets + result.len, part, len);
	result.len = (uint8_t)(result.len + len);
	result.part = len;
	return result;
}

struct machine machine_with_iaid(const struct machine *machine, uint32_t iaid)
{
	uint8_t part[] = {
		(uint8_t)(iaid >> 24), (uint8_t)(iaid >> 16), (uint8_t)(iaid >> 8), (uint8_t)iaid};

	return with_part(machine, part, sizeof(part));
}

struct machine machine_with_number(const struct machine *machine, uint8_t number)
{
	return with_part(machine, &number, sizeof(number));
}

bool machine_is_same(const struct machine *a, const struct machine *b)
{
	return a->is_mac == b->is_mac && a->len - a->part == b->len - b->part &&
	       memcmp(a->octets, b->octets, (size_t)(a->len - a->part)) == 0;
}

bool machine_equal(const struct machine *a, const struct machine *b)
{
	return a->is_mac == b->is_mac && a->part == b->part && a->len == b->len &&
	       memcmp(a->octets, b->octets, a->len) == 0;
}

const char *machine_format(const struct machine *machine, char text[MACHINE_TEXT])
{
	struct dhcp6_duid duid = {.len = (uint8_t)(machine->len - machine->part)};
	char *end;

	memcpy(duid.octets, machine->octets, duid.len);
	if (machine->is_mac)
		dhcp6_mac_format(machine->octets, text);
	else
		dhcp6_duid_format(&duid, text);
	end = text + strlen(text);
	if (machine->part > 0)
		*end++ = '/';
	dhcp6_hex_format(machine->octets + duid.len, machine->part, end);
	return text;
}

/* "/2a": two digits for each octet. */
static int parse_part(const char *text, struct machine *machine)
{
	uint8_t part[MACHINE_PART_MAX];
	int len = dhcp6_hex_parse(text, part, sizeof(part));

	if (len != (machine->is_mac ? 1 : MACHINE_PART_MAX))
		return -EINVAL;
	*machine = with_part(machine, part, (uint8_t)len);
	return 0;
}

static int parse(const char *text, struct machine *machine, bool is_canonical)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char base[2 * DHCP6_DUID_TEXT];
	uint8_t mac[DHCP6_MAC_LEN];
	struct dhcp6_duid duid;

	if (len >= sizeof(base))
		return -EINVAL;
	memcpy(base, text, len);
	base[len] = '\0';
	if ((!is_canonical || strchr(base, ':')) && dhcp6_mac_parse(base, mac) == 0)
		*machine = machine_of_mac(mac);
	else if (dhcp6_duid_parse(base, &duid) == 0)
		*machine = machine_of_duid(&duid);
	else
		return -EINVAL;
	return slash ? parse_part(slash + 1, machine) : 0;
}

int machine_parse(const char *text, struct machine *machine)
{
	return parse(text, machine, false);
}

int machine_parse_canonical(const char *text, struct machine *machine)
{
	return parse(text, machine, true);
}
