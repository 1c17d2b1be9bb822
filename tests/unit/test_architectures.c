/* SPDX-License-Identifier: ISC */
/*
 * Every family of machines is booted by rules alone: its options (61, user class), the
 * URL that it gets, and what its kind of firmware needs besides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/progress/boot_progress.h"
#include "tests/unit/bootd_bench.h"

#define TFTP(file) "tftp://[2001:db8::69]/" file
#define HTTP(file) "http://[2001:db8::69]/" file
#define RULE(name, arch, url) "boot \"" name "\" { arch = {" arch "} url = \"" url "\" }\n"

static const char conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = \"http://[2001:db8::69]/${arch}.ipxe\" "
	"}\n" RULE("ia32", "ia32-uefi", TFTP("ia32.efi")) RULE("x64", "x64-uefi",
		TFTP("x64.efi")) RULE("arm32", "arm32-uefi", TFTP("arm32.efi")) RULE("arm64",
		"arm64-uefi",
		TFTP("arm64.efi")) RULE("riscv64", "riscv64-uefi", TFTP("riscv64.efi"))
		RULE("loongarch64", "loongarch64-uefi", TFTP("loongarch64.efi")) RULE(
			"ia32-http", "ia32-http", HTTP("ia32.efi")) RULE("arm64-http", "arm64-http",
			HTTP("arm64.efi")) RULE("riscv64-http", "riscv64-http", HTTP("riscv64.efi"))
			RULE("loongarch64-http", "loongarch64-http", HTTP("loongarch64.efi"))
				RULE("bios", "x86-bios", TFTP("undionly.kpxe"))
					RULE("uboot", "arm64-uboot", TFTP("boot.scr"))
						RULE("power", "ppc-opal", HTTP("petitboot.conf"))
							RULE("new", "99", TFTP("new.bin"));

static const struct {
	uint16_t arch;
	const char *user_class, *url;
	enum firmware_kind kind;
} machine[] = {
	{6, NULL, TFTP("ia32.efi"), FIRMWARE_UEFI_PXE},
	{7, NULL, TFTP("x64.efi"), FIRMWARE_UEFI_PXE},
	{9, NULL, TFTP("x64.efi"), FIRMWARE_UEFI_PXE}, /* RFC 4578 had it so */
	{10, NULL, TFTP("arm32.efi"), FIRMWARE_UEFI_PXE},
	{11, NULL, TFTP("arm64.efi"), FIRMWARE_UEFI_PXE},
	{27, NULL, TFTP("riscv64.efi"), FIRMWARE_UEFI_PXE},
	{39, NULL, TFTP("loongarch64.efi"), FIRMWARE_UEFI_PXE},
	{15, NULL, HTTP("ia32.efi"), FIRMWARE_UEFI_HTTP},
	{19, NULL, HTTP("arm64.efi"), FIRMWARE_UEFI_HTTP},
	{28, NULL, HTTP("riscv64.efi"), FIRMWARE_UEFI_HTTP},
	{40, NULL, HTTP("loongarch64.efi"), FIRMWARE_UEFI_HTTP},
	{0, NULL, TFTP("undionly.kpxe"), FIRMWARE_BIOS},
	{0, "iPXE", HTTP("x86-bios.ipxe"), FIRMWARE_IPXE}, /* a ROM, or what it has loaded */
	{11, "iPXE", HTTP("arm64-uefi.ipxe"), FIRMWARE_IPXE},
	{39, "iPXE", HTTP("loongarch64-uefi.ipxe"), FIRMWARE_IPXE},
	{22, NULL, TFTP("boot.scr"), FIRMWARE_UBOOT},
	{14, NULL, HTTP("petitboot.conf"), FIRMWARE_OTHER},
	{99, NULL, TFTP("new.bin"), FIRMWARE_OTHER}, /* nobody knows it but its rule */
	{98, NULL, NULL, FIRMWARE_OTHER},
};

static void ask(struct bench *b, uint8_t type, uint16_t arch, const char *user_class)
{
	bench_message(b, type);
	if (type == DHCP6_REQUEST)
		bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, arch);
	if (user_class)
		bench_put_user_class(b, user_class);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
}

/* RFC 5970 section 3.3: the one that was matched comes back; HTTP Boot wants its class. */
static void check_options(const struct bench *b, uint16_t arch, enum firmware_kind kind)
{
	struct wire_in data;

	assert_true(bench_option(b, DHCP6_OPT_CLIENT_ARCH, &data));
	assert_int_equal(wire_left(&data), 2);
	assert_int_equal(wire_get_u16(&data), arch);
	assert_int_equal(
		bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data), kind == FIRMWARE_UEFI_HTTP);
}

static void test_each_family(void **state)
{
	static const uint8_t type[] = {DHCP6_SOLICIT, DHCP6_REQUEST};
	static struct bench b;

	(void)state;
	bench_start(&b, conf);
	for (size_t i = 0; i < sizeof(machine) / sizeof(machine[0]); i++)
		for (size_t k = 0; k < sizeof(type); k++) {
			b.mac[5] = (uint8_t)i;
			ask(&b, type[k], machine[i].arch, machine[i].user_class);
			assert_true(b.has_address);
			assert_string_equal(b.url, machine[i].url ? machine[i].url : "");
			assert_int_equal(firmware_of_arch(machine[i].arch) == machine[i].kind,
				machine[i].user_class == NULL);
			if (machine[i].url)
				check_options(&b, machine[i].arch, machine[i].kind);
		}
	bench_stop(&b);
}

/* Counted per machine, for the log to tell of it once. */
static void test_unknown_architectures_are_reported(void **state)
{
	static struct bench b;
	struct client_facts facts = {.type = DHCP6_SOLICIT, .archs = 2, .arch = {7, 99}};
	struct exchange_event event = {.facts = &facts, .answer_type = DHCP6_ADVERTISE};
	struct boot_progress progress;
	const struct boot_record *record;
	uint16_t code;

	(void)state;
	bench_start(&b, conf);
	assert_int_equal(boot_progress_init(&progress, 4), 0);
	ask(&b, DHCP6_SOLICIT, 7, NULL);
	event.decision = &b.decision;
	record = boot_progress_exchange(&progress, &event);
	assert_int_equal(record->unknown_archs, 1);
	assert_true(firmware_unknown_arch(&facts, &code));
	assert_int_equal(code, 99);
	facts.arch[1] = 41;
	record = boot_progress_exchange(&progress, &event);
	assert_int_equal(record->unknown_archs, 1);
	assert_false(firmware_unknown_arch(&facts, &code));
	boot_progress_fini(&progress);
	bench_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_family),
		cmocka_unit_test(test_unknown_architectures_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
