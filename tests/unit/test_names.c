/* SPDX-License-Identifier: ISC */
/*
 * The tables of names: that each number has its own name, that numbers
 * beyond have none, and IANA's architectures through 41.
 */
#include "dhcp6/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp6/dhcp6.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { ARCH_LAST = 41 };

/* "Processor Architecture Types" as IANA describes each, and what we make of it. */
static const struct {
	const char *iana;
	const char *name;
	enum dhcp6_boot_way way;
} archs[] = {
	[0] = {"x86 BIOS", "x86-bios", DHCP6_BOOT_BIOS},
	[1] = {"NEC/PC98", "pc98", DHCP6_BOOT_OTHER},
	[2] = {"Itanium", "ia64-uefi", DHCP6_BOOT_UEFI},
	[3] = {"DEC Alpha", "alpha", DHCP6_BOOT_OTHER},
	[4] = {"Arc x86", "arc-x86", DHCP6_BOOT_OTHER},
	[5] = {"Intel Lean Client", "intel-lean", DHCP6_BOOT_OTHER},
	[6] = {"x86 UEFI", "ia32-uefi", DHCP6_BOOT_UEFI},
	[7] = {"x64 UEFI", "x64-uefi", DHCP6_BOOT_UEFI},
	[8] = {"EFI Xscale", "xscale", DHCP6_BOOT_OTHER},
	[9] = {"EBC", "ebc-uefi", DHCP6_BOOT_UEFI},
	[10] = {"ARM 32-bit UEFI", "arm32-uefi", DHCP6_BOOT_UEFI},
	[11] = {"ARM 64-bit UEFI", "arm64-uefi", DHCP6_BOOT_UEFI},
	[12] = {"PowerPC Open Firmware", "ppc-of", DHCP6_BOOT_OTHER},
	[13] = {"PowerPC ePAPR", "ppc-epapr", DHCP6_BOOT_OTHER},
	[14] = {"POWER OPAL v3", "ppc-opal", DHCP6_BOOT_OTHER},
	[15] = {"x86 UEFI boot from HTTP", "ia32-http", DHCP6_BOOT_HTTP},
	[16] = {"x64 UEFI boot from HTTP", "x64-http", DHCP6_BOOT_HTTP},
	[17] = {"EBC boot from HTTP", "ebc-http", DHCP6_BOOT_HTTP},
	[18] = {"ARM UEFI 32 boot from HTTP", "arm32-http", DHCP6_BOOT_HTTP},
	[19] = {"ARM UEFI 64 boot from HTTP", "arm64-http", DHCP6_BOOT_HTTP},
	[20] = {"pc/at BIOS boot from HTTP", "x86-bios-http", DHCP6_BOOT_HTTP},
	[21] = {"ARM 32 U-Boot", "arm32-uboot", DHCP6_BOOT_UBOOT},
	[22] = {"ARM 64 U-Boot", "arm64-uboot", DHCP6_BOOT_UBOOT},
	[23] = {"ARM 32 U-Boot boot from HTTP", "arm32-uboot-http", DHCP6_BOOT_UBOOT},
	[24] = {"ARM 64 U-Boot boot from HTTP", "arm64-uboot-http", DHCP6_BOOT_UBOOT},
	[25] = {"RISC-V 32-bit UEFI", "riscv32-uefi", DHCP6_BOOT_UEFI},
	[26] = {"RISC-V 32-bit UEFI boot from HTTP", "riscv32-http", DHCP6_BOOT_HTTP},
	[27] = {"RISC-V 64-bit UEFI", "riscv64-uefi", DHCP6_BOOT_UEFI},
	[28] = {"RISC-V 64-bit UEFI boot from HTTP", "riscv64-http", DHCP6_BOOT_HTTP},
	[29] = {"RISC-V 128-bit UEFI", "riscv128-uefi", DHCP6_BOOT_UEFI},
	[30] = {"RISC-V 128-bit UEFI boot from HTTP", "riscv128-http", DHCP6_BOOT_HTTP},
	[31] = {"s390 Basic", "s390-basic", DHCP6_BOOT_OTHER},
	[32] = {"s390 Extended", "s390-extended", DHCP6_BOOT_OTHER},
	[33] = {"MIPS 32-bit UEFI", "mips32-uefi", DHCP6_BOOT_UEFI},
	[34] = {"MIPS 64-bit UEFI", "mips64-uefi", DHCP6_BOOT_UEFI},
	[35] = {"Sunway 32-bit UEFI", "sunway32-uefi", DHCP6_BOOT_UEFI},
	[36] = {"Sunway 64-bit UEFI", "sunway64-uefi", DHCP6_BOOT_UEFI},
	[37] = {"LoongArch 32-bit UEFI", "loongarch32-uefi", DHCP6_BOOT_UEFI},
	[38] = {"LoongArch 32-bit UEFI boot from HTTP", "loongarch32-http", DHCP6_BOOT_HTTP},
	[39] = {"LoongArch 64-bit UEFI", "loongarch64-uefi", DHCP6_BOOT_UEFI},
	[40] = {"LoongArch 64-bit UEFI boot from HTTP", "loongarch64-http", DHCP6_BOOT_HTTP},
	[41] = {"ARM rpiboot", "arm-rpiboot", DHCP6_BOOT_OTHER},
};

static void test_iana_architectures(void **state)
{
	(void)state;
	assert_int_equal(COUNT(archs), ARCH_LAST + 1);
	for (uint16_t code = 0; code <= ARCH_LAST; code++) {
		const struct dhcp6_arch *arch = dhcp6_arch_of(code);

		assert_non_null(arch);
		if (arch->code != code || arch->way != archs[code].way ||
			strcmp(arch->name, archs[code].name) != 0)
			fail_msg("%u, %s: %u %s, way %d", code, archs[code].iana, arch->code,
				arch->name, arch->way);
		assert_ptr_equal(dhcp6_arch_named(arch->name), arch);
		assert_ptr_equal(dhcp6_arch_row(code), arch);
	}
}

/* How many there are in each group, and one that is in it. */
static void test_groups_of_architectures(void **state)
{
	static const struct {
		const char *group;
		unsigned count;
		const char *member; /* NULL: none */
	} row[] = {
		{"bios", 1, "x86-bios"},
		{"uefi", 15, "loongarch64-uefi"},
		{"http", 11, "x86-bios-http"},
		{"uboot", 4, "arm64-uboot-http"},
		{"x64", 2, "x64-http"},
		{"x86", 2, "x86-bios"},
		{"ia32", 2, "ia32-uefi"},
		{"arm64", 4, "arm64-uboot"},
		{"arm32", 4, "arm32-http"},
		{"riscv64", 2, "riscv64-uefi"},
		{"loongarch64", 2, "loongarch64-http"},
		{"ppc", 3, "ppc-opal"},
		{"", 0, NULL},
		{"riscv", 0, NULL},
		{"alpha", 0, NULL}, /* one of itself */
		{"other", 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const struct dhcp6_arch *arch;
		unsigned count = 0;
		bool has_member = !row[i].member;

		for (unsigned k = 0; (arch = dhcp6_arch_row(k)); k++) {
			if (!dhcp6_arch_is_of(arch, row[i].group))
				continue;
			count++;
			has_member |= row[i].member && strcmp(arch->name, row[i].member) == 0;
		}
		if (count != row[i].count || !has_member)
			fail_msg("%s: %u", row[i].group, count);
	}
}

static void test_unknown_architectures(void **state)
{
	(void)state;
	assert_null(dhcp6_arch_of(ARCH_LAST + 1));
	assert_null(dhcp6_arch_of(UINT16_MAX));
	assert_null(dhcp6_arch_row(ARCH_LAST + 1));
	assert_null(dhcp6_arch_row(UINT32_MAX));
	assert_null(dhcp6_arch_named(""));
	assert_null(dhcp6_arch_named("x64"));
	assert_null(dhcp6_arch_named("x64-uefi "));
	assert_null(dhcp6_arch_named("X64-UEFI"));
}

static const char *name_of_message(unsigned code)
{
	return dhcp6_message_name((uint8_t)code);
}

static const char *name_of_status(unsigned code)
{
	return dhcp6_status_name((uint16_t)code);
}

/* No two numbers below `end` share a name; returns how many have one. */
static unsigned count_distinct(const char *(*name_of)(unsigned code), unsigned end)
{
	unsigned named = 0;

	for (unsigned a = 0; a < end; a++) {
		if (!name_of(a))
			continue;
		assert_true(name_of(a)[0] != '\0');
		named++;
		for (unsigned b = 0; b < a; b++)
			if (name_of(b) && strcmp(name_of(a), name_of(b)) == 0)
				fail_msg("%u and %u are both '%s'", a, b, name_of(a));
	}
	return named;
}

static void test_names_are_distinct(void **state)
{
	(void)state;
	assert_int_equal(count_distinct(name_of_message, 256), 25);
	assert_int_equal(count_distinct(name_of_status, 65536), 11);
}

static void test_some_names(void **state)
{
	(void)state;
	assert_string_equal(dhcp6_message_name(1), "Solicit");
	assert_string_equal(dhcp6_message_name(13), "Relay-reply");
	assert_string_equal(dhcp6_message_name(37), "Addr-reg-reply");
	assert_string_equal(dhcp6_status_name(0), "Success");
	assert_string_equal(dhcp6_status_name(6), "NoPrefixAvail");
	assert_string_equal(dhcp6_status_name(11), "QueryTerminated");
}

static void test_numbers_without_a_name(void **state)
{
	(void)state;
	assert_null(dhcp6_message_name(0));
	assert_null(dhcp6_message_name(24));
	assert_null(dhcp6_message_name(38));
	assert_null(dhcp6_message_name(255));
	assert_null(dhcp6_status_name(5)); /* UseMulticast, obsolete */
	assert_null(dhcp6_status_name(12));
	assert_null(dhcp6_status_name(65535));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iana_architectures),
		cmocka_unit_test(test_groups_of_architectures),
		cmocka_unit_test(test_unknown_architectures),
		cmocka_unit_test(test_names_are_distinct),
		cmocka_unit_test(test_some_names),
		cmocka_unit_test(test_numbers_without_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
