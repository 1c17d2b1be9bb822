/* SPDX-License-Identifier: ISC */
/*
 * The tables of names. A message or status that is not in them is a
 * number to us, which is no error: new ones are defined all the time.
 */
#include "dhcp6/names.h"

#include <stddef.h>
#include <string.h>

#include "dhcp6/dhcp6.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const message_name[] = {
	[DHCP6_SOLICIT] = "Solicit",
	[DHCP6_ADVERTISE] = "Advertise",
	[DHCP6_REQUEST] = "Request",
	[DHCP6_CONFIRM] = "Confirm",
	[DHCP6_RENEW] = "Renew",
	[DHCP6_REBIND] = "Rebind",
	[DHCP6_REPLY] = "Reply",
	[DHCP6_RELEASE] = "Release",
	[DHCP6_DECLINE] = "Decline",
	[DHCP6_RECONFIGURE] = "Reconfigure",
	[DHCP6_INFORMATION_REQUEST] = "Information-request",
	[DHCP6_RELAY_FORW] = "Relay-forward",
	[DHCP6_RELAY_REPL] = "Relay-reply",
	[DHCP6_LEASEQUERY] = "Leasequery",
	[DHCP6_LEASEQUERY_REPLY] = "Leasequery-reply",
	[DHCP6_LEASEQUERY_DONE] = "Leasequery-done",
	[DHCP6_LEASEQUERY_DATA] = "Leasequery-data",
	[DHCP6_RECONFIGURE_REQUEST] = "Reconfigure-request",
	[DHCP6_RECONFIGURE_REPLY] = "Reconfigure-reply",
	[DHCP6_DHCPV4_QUERY] = "DHCPv4-query",
	[DHCP6_DHCPV4_RESPONSE] = "DHCPv4-response",
	[DHCP6_ACTIVELEASEQUERY] = "Activeleasequery",
	[DHCP6_STARTTLS] = "StartTLS",
	[DHCP6_ADDR_REG_INFORM] = "Addr-reg-inform",
	[DHCP6_ADDR_REG_REPLY] = "Addr-reg-reply",
};

static const char *const status_name[] = {
	[DHCP6_STATUS_SUCCESS] = "Success",
	[DHCP6_STATUS_UNSPEC_FAIL] = "UnspecFail",
	[DHCP6_STATUS_NO_ADDRS_AVAIL] = "NoAddrsAvail",
	[DHCP6_STATUS_NO_BINDING] = "NoBinding",
	[DHCP6_STATUS_NOT_ON_LINK] = "NotOnLink",
	[DHCP6_STATUS_NO_PREFIX_AVAIL] = "NoPrefixAvail",
	[DHCP6_STATUS_UNKNOWN_QUERY_TYPE] = "UnknownQueryType",
	[DHCP6_STATUS_MALFORMED_QUERY] = "MalformedQuery",
	[DHCP6_STATUS_NOT_CONFIGURED] = "NotConfigured",
	[DHCP6_STATUS_NOT_ALLOWED] = "NotAllowed",
	[DHCP6_STATUS_QUERY_TERMINATED] = "QueryTerminated",
};

/* In order of the code, none left out: the code is the index. */
static const struct dhcp6_arch arch_table[] = {
	{0, DHCP6_BOOT_BIOS, "x86-bios"},
	{1, DHCP6_BOOT_OTHER, "pc98"},
	{2, DHCP6_BOOT_UEFI, "ia64-uefi"},
	{3, DHCP6_BOOT_OTHER, "alpha"},
	{4, DHCP6_BOOT_OTHER, "arc-x86"},
	{5, DHCP6_BOOT_OTHER, "intel-lean"},
	{6, DHCP6_BOOT_UEFI, "ia32-uefi"},
	{7, DHCP6_BOOT_UEFI, "x64-uefi"},
	{8, DHCP6_BOOT_OTHER, "xscale"},
	{9, DHCP6_BOOT_UEFI, "ebc-uefi"},
	{10, DHCP6_BOOT_UEFI, "arm32-uefi"},
	{11, DHCP6_BOOT_UEFI, "arm64-uefi"},
	{12, DHCP6_BOOT_OTHER, "ppc-of"},
	{13, DHCP6_BOOT_OTHER, "ppc-epapr"},
	{14, DHCP6_BOOT_OTHER, "ppc-opal"},
	{15, DHCP6_BOOT_HTTP, "ia32-http"},
	{16, DHCP6_BOOT_HTTP, "x64-http"},
	{17, DHCP6_BOOT_HTTP, "ebc-http"},
	{18, DHCP6_BOOT_HTTP, "arm32-http"},
	{19, DHCP6_BOOT_HTTP, "arm64-http"},
	{20, DHCP6_BOOT_HTTP, "x86-bios-http"},
	{21, DHCP6_BOOT_UBOOT, "arm32-uboot"},
	{22, DHCP6_BOOT_UBOOT, "arm64-uboot"},
	{23, DHCP6_BOOT_UBOOT, "arm32-uboot-http"},
	{24, DHCP6_BOOT_UBOOT, "arm64-uboot-http"},
	{25, DHCP6_BOOT_UEFI, "riscv32-uefi"},
	{26, DHCP6_BOOT_HTTP, "riscv32-http"},
	{27, DHCP6_BOOT_UEFI, "riscv64-uefi"},
	{28, DHCP6_BOOT_HTTP, "riscv64-http"},
	{29, DHCP6_BOOT_UEFI, "riscv128-uefi"},
	{30, DHCP6_BOOT_HTTP, "riscv128-http"},
	{31, DHCP6_BOOT_OTHER, "s390-basic"},
	{32, DHCP6_BOOT_OTHER, "s390-extended"},
	{33, DHCP6_BOOT_UEFI, "mips32-uefi"},
	{34, DHCP6_BOOT_UEFI, "mips64-uefi"},
	{35, DHCP6_BOOT_UEFI, "sunway32-uefi"},
	{36, DHCP6_BOOT_UEFI, "sunway64-uefi"},
	{37, DHCP6_BOOT_UEFI, "loongarch32-uefi"},
	{38, DHCP6_BOOT_HTTP, "loongarch32-http"},
	{39, DHCP6_BOOT_UEFI, "loongarch64-uefi"},
	{40, DHCP6_BOOT_HTTP, "loongarch64-http"},
	{41, DHCP6_BOOT_OTHER, "arm-rpiboot"},
};

const char *dhcp6_message_name(uint8_t type)
{
	return type < COUNT(message_name) ? message_name[type] : NULL;
}

const char *dhcp6_status_name(uint16_t code)
{
	return code < COUNT(status_name) ? status_name[code] : NULL;
}

const struct dhcp6_arch *dhcp6_arch_of(uint16_t code)
{
	return code < COUNT(arch_table) ? &arch_table[code] : NULL;
}

const struct dhcp6_arch *dhcp6_arch_named(const char *name)
{
	for (size_t i = 0; i < COUNT(arch_table); i++)
		if (strcmp(arch_table[i].name, name) == 0)
			return &arch_table[i];
	return NULL;
}

bool dhcp6_arch_is_of(const struct dhcp6_arch *arch, const char *group)
{
	static const char *const way[] = {
		[DHCP6_BOOT_BIOS] = "bios",
		[DHCP6_BOOT_UEFI] = "uefi",
		[DHCP6_BOOT_HTTP] = "http",
		[DHCP6_BOOT_UBOOT] = "uboot",
	};
	size_t len = strcspn(arch->name, "-");

	if (way[arch->way] && strcmp(way[arch->way], group) == 0)
		return true;
	return arch->name[len] && strlen(group) == len && memcmp(arch->name, group, len) == 0;
}

const struct dhcp6_arch *dhcp6_arch_row(unsigned index)
{
	return index < COUNT(arch_table) ? &arch_table[index] : NULL;
}
