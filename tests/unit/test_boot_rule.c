/* SPDX-License-Identifier: ISC */
/*
 * Which URL each kind of firmware can read, which rule a client meets, and which
 * rule leaves nothing for the one behind it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/config/conf_file.h"
#include "bootd/rules/boot_rule.h"
#include "bootd/rules/conditions.h"

static void test_urls(void **state)
{
	static const struct {
		enum firmware_kind kind;
		bool taken;
		const char *url;
	} row[] = {
		{FIRMWARE_UEFI_PXE, true, "tftp://[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_PXE, true, "tftp://[2001:0db8:0:0:0:0:0:1]/a/b/x.efi;mode=octet"},
		{FIRMWARE_UEFI_PXE, true, "tftp://boot.example.org/x.efi"},
		{FIRMWARE_UEFI_PXE, true, "tftp://[2001:db8::1]//x.efi"},
		{FIRMWARE_UEFI_PXE, false, "TFTP://[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "http://[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1]:69/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://host:69/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://2001:db8::1/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::zz]/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[]/x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp:///x.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1]"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1]/"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1]/${net0/mac}.efi"},
		{FIRMWARE_UEFI_PXE, false, "tftp://[2001:db8::1]/a b.efi"},
		{FIRMWARE_UEFI_PXE, false,
			"tftp://[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff:1111:2222:3333:4444]/x"},
		{FIRMWARE_UEFI_HTTP, true, "http://[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_HTTP, true, "HTTP://[2001:db8::1]:8080/x.efi?a=b"},
		{FIRMWARE_UEFI_HTTP, true, "https://boot.example.org/x.iso"},
		{FIRMWARE_UEFI_HTTP, false, "tftp://[2001:db8::1]/x.efi"},
		{FIRMWARE_UEFI_HTTP, false, "http://2001:db8::1/x.efi"},
		{FIRMWARE_UEFI_HTTP, false, "http://[2001:db8::1]"},
		{FIRMWARE_UEFI_HTTP, false, "http:///x.efi"},
		{FIRMWARE_UEFI_HTTP, false, "http://[2001:db8::1]/${uuid}.efi"},
		{FIRMWARE_IPXE, true, "http://[2001:db8::1]/x.ipxe?mac=${net0/mac:hexhyp}"},
		{FIRMWARE_IPXE, true, "iscsi:[2001:db8::1]::::iqn.x"},
		{FIRMWARE_IPXE, true, "tftp://[2001:db8::1]:69/x"},
		{FIRMWARE_IPXE, false, "x.ipxe"},
		{FIRMWARE_IPXE, false, "http://[2001:db8::1]/a\tb"},
		{FIRMWARE_NONE, true, "tftp://[2001:db8::1]/grub.cfg"},
		{FIRMWARE_UBOOT, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *why;

		if (firmware_takes_url(row[i].kind, row[i].url, &why) != row[i].taken)
			fail_msg("%s for %s: %s", row[i].url, firmware_kind_name(row[i].kind),
				why ? why : "taken");
		assert_true(row[i].taken == (why == NULL));
	}
}

static void test_params(void **state)
{
	static const struct {
		const char *text;
		bool taken;
	} row[] = {{"700", true}, {"1", true}, {"99999", true}, {"100000", false}, {"", false},
		{"quiet", false}, {"70x", false}, {"-1", false}};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[16];
		char *param[] = {text};

		strcpy(text, row[i].text);
		assert_int_equal(
			firmware_takes_params(FIRMWARE_UEFI_PXE, param, 1, &why), row[i].taken);
		assert_true(firmware_takes_params(FIRMWARE_IPXE, param, 1, &why));
	}
	assert_true(firmware_takes_params(FIRMWARE_UEFI_PXE, NULL, 0, &why));
}

static struct wire_in view(const char *text)
{
	return wire_in_of(text, strlen(text));
}

static struct boot_config *load(const char *text)
{
	struct config_problems problems = {0};
	struct boot_config *config;
	char *whole;

	/* With it, hosts and groups that are not here may be in its files. */
	assert_true(asprintf(&whole, "hosts-directory = \"/hosts\"\n%s", text) > 0);
	if (conf_text_load("bootd.conf", whole, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	free(whole);
	return config;
}

/* One client, one rule with one condition: met or not. */
static void test_conditions(void **state)
{
	static const struct {
		const char *condition;
		const char *unmet; /* NULL: met */
	} row[] = {
		{"", NULL},
		{"arch = {x64-uefi}", NULL},
		{"arch = {7}", NULL},
		{"arch = {x64-http, x64-uefi}", NULL},
		{"arch = {x64-http}", "arch"},
		{"user-class = \"iPXE\"", NULL},
		{"user-class = \"iPX\"", "user-class"},
		{"user-class = \"iPXE2\"", "user-class"},
		{"user-class = \"iP*\"", NULL},
		{"user-class = \"second\"", NULL},
		{"user-class = \"*\"", NULL},
		{"user-class = \"0x69505845\"", NULL},
		{"vendor-class = \"PXEClient*\"", NULL},
		{"vendor-class = \"HTTPClient*\"", "vendor-class"},
		{"mac = \"52:54:00\"", NULL},
		{"mac = \"52:54:00:12:34:56\"", NULL},
		{"mac = \"52:54:01\"", "mac"},
		{"uuid = \"00112233-4455-6677-8899-aabbccddeeff\"", NULL},
		{"uuid = \"33221100-5544-7766-8899-aabbccddeeff\"", NULL},
		{"uuid = \"10112233-4455-6677-8899-aabbccddeeff\"", "uuid"},
		{"subnet = \"2001:db8:1::/64\"", NULL},
		{"subnet = \"2001:db8::/32\"", NULL},
		{"subnet = \"2001:db8:2::/64\"", "subnet"},
		{"interface-id = \"vlan100\"", NULL},
		{"interface-id = \"vlan*\"", NULL},
		{"interface-id = \"vlan101\"", "interface-id"},
		{"remote-id = \"rack7\"", NULL},
		{"remote-id = \"rack8\"", "remote-id"},
		{"host = \"db*\"", NULL},
		{"host = \"web*\"", "host"},
		{"group = \"rack7\"", NULL},
		{"group = \"d*\"", NULL},
		{"group = \"rack8\"", "group"},
		{"group = {\"rack8\", \"rack7\"}", NULL},
		{"group = \"!rack8\"", NULL},
		{"group = \"!rack7\"", "group"},
		{"group = {\"rack7\", \"!d*\"}", "group"},
		{"not-group = \"rack7\"", "group"},
		{"not-group = {\"rack8\", \"rack9\"}", NULL},
		{"host = {\"web*\"} host += {\"db1\"}", NULL},
		{"host = \"!web*\" not-arch = {x64-http}", NULL},
		{"not-arch = {uefi}", "arch"},
		{"not-mac = {\"52:54:01\", \"52:54:00:12\"}", "mac"},
		{"mac = {\"52:55\", \"52:54\"} not-uuid = "
		 "\"00112233-4455-6677-8899-aabbccddee00\"",
			NULL},
		{"not-subnet = {\"2001:db8:2::/64\"}", NULL},
		{"subnet = {\"2001:db8:2::/64\", \"2001:db8:1::/64\"}", NULL},
		{"user-class = \"!iPXE\"", "user-class"},
		{"user-class = {\"gPXE\", \"iPXE\"}", NULL},
		{"vendor-class = {\"HTTP*\", \"PXE*\"}", NULL},
		{"interface-id = {\"vlan1*\", \"!vlan100\"}", "interface-id"},
		{"not-remote-id = \"0x7261636b37\"", "remote-id"},
		{"remote-id = \"0x7261636b37\"", NULL},
	};
	struct client_facts facts = {
		.mac_source = CLIENT_MAC_RELAY,
		.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56},
		.has_uuid = true,
		.archs = 1,
		.arch = {7},
		.user_classes = 2,
		.user_class = {view("iPXE"), view("second")},
		.vendor_classes = 1,
		.vendor_class = {{.text = view("PXEClient:Arch:00007")}},
		.interface_id = view("vlan100"),
		.remote_id = view("rack7"),
	};
	char text[512];

	(void)state;
	dhcp6_uuid_parse("00112233-4455-6677-8899-aabbccddeeff", facts.uuid);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct boot_config *config;
		const char *unmet;

		snprintf(text, sizeof(text),
			"subnet \"2001:db8:1::/64\" {} subnet \"2001:db8:2::/64\" {}\n"
			"host \"db1\" { mac = \"52:54:00:12:34:56\" group = {\"db\", \"rack7\"} }\n"
			"boot \"x\" { %s url = \"%s\" }",
			row[i].condition,
			strstr(row[i].condition, "http") ? "http://[2001:db8::1]/x.efi"
							 : "tftp://[2001:db8::1]/x.efi");
		if (strstr(row[i].condition, "x64-http, x64-uefi"))
			snprintf(text, sizeof(text),
				"boot \"x\" { %s user-class = \"iPXE\" "
				"url = \"http://[2001:db8::1]/x\" }",
				row[i].condition);
		config = load(text);
		unmet = conditions_unmet(&config->rule[0].when, &facts,
			config->subnet ? &config->subnet->prefix : NULL,
			config->hosts.hosts ? config->hosts.host[0] : NULL);
		if (row[i].unmet ? !unmet || strcmp(unmet, row[i].unmet) != 0 : unmet != NULL)
			fail_msg("%s: %s", row[i].condition, unmet ? unmet : "met");
		boot_config_free(config);
	}
}

/* A client of which nothing is known has no value: it meets negated values alone. */
static void test_nothing_known(void **state)
{
	static const char *const condition[] = {"arch = {7}", "user-class = \"*\"",
		"vendor-class = \"*\"", "mac = \"52\"",
		"uuid = \"00112233-4455-6677-8899-aabbccddeeff\"", "host = \"*\"", "group = \"*\"",
		"interface-id = \"*\"", "remote-id = \"*\""};
	struct client_facts facts = {0};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(condition) / sizeof(condition[0]); i++) {
		struct boot_config *config;

		snprintf(text, sizeof(text), "boot \"x\" { %s url = \"tftp://[2001:db8::1]/x\" }",
			condition[i]);
		config = load(text);
		if (!conditions_unmet(&config->rule[0].when, &facts, NULL, NULL))
			fail_msg("%s is met by nobody", condition[i]);
		boot_config_free(config);
		snprintf(text, sizeof(text),
			"boot \"x\" { not-%s url = \"tftp://[2001:db8::1]/x\" }", condition[i]);
		config = load(text);
		if (conditions_unmet(&config->rule[0].when, &facts, NULL, NULL))
			fail_msg("not-%s is not met", condition[i]);
		boot_config_free(config);
	}
}

/* A hole in the path would lead to another file: the next rule applies, and it is said why. */
static void test_a_variable_without_a_value(void **state)
{
	struct boot_config *config =
		load("boot \"role\" { url = \"tftp://[2001:db8::1]/${host}/${role}.efi\" }\n"
		     "boot \"rack\" { url = \"tftp://[2001:db8::1]/${rack}.efi\" }\n"
		     "boot \"rest\" { url = \"tftp://[2001:db8::1]/${uuid}rest.efi\" }\n");
	static const struct {
		const char *user_class;
		uint16_t arch;
		const char *rule, *url, *passed_over;
	} row[] = {
		{NULL, 7, "rest", "tftp://[2001:db8::1]/rest.efi", "role"},
		{NULL, 0, "rest", "tftp://[2001:db8::1]/rest.efi", "role"},
		{"iPXE", 7, "role", "tftp://[2001:db8::1]/${host}/${role}.efi", NULL},
	};
	struct boot_choice choice;
	struct boot_values values;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct client_facts facts = {.archs = 1, .arch = {row[i].arch}};

		if (row[i].user_class)
			facts.user_class[facts.user_classes++] =
				wire_in_of(row[i].user_class, strlen(row[i].user_class));
		boot_values_of_client(&values, config, &facts, NULL, NULL, NULL);
		boot_rule_choose(&choice, config, &facts, NULL, NULL, &values);
		assert_non_null(choice.rule);
		assert_string_equal(choice.rule->name, row[i].rule);
		assert_string_equal(choice.url, row[i].url);
		if (row[i].passed_over) {
			assert_string_equal(choice.passed_over->name, row[i].passed_over);
			assert_string_equal(choice.without, row[i].passed_over);
		} else {
			assert_null(choice.passed_over);
		}
	}
	boot_config_free(config);
}

/* The first whose URL this firmware can read: UEFI PXE passes over an http:// for all. */
static void test_choice(void **state)
{
	struct boot_config *config = load(
		"boot \"all-http\" { url = \"http://[2001:db8::1]/x.efi\" }\n"
		"boot \"all-tftp\" { url = \"tftp://[2001:db8::1]/${mac}/${host}x${foo}.efi\" }\n");
	static const struct {
		uint16_t arch;
		const char *rule, *url;
	} row[] = {
		{7, "all-tftp", "tftp://[2001:db8::1]/52:54:00:12:34:56/x1.efi"},
		{16, "all-http", "http://[2001:db8::1]/x.efi"},
	};
	struct host_variable foo = {.name = (char[]){"foo"}, .value = (char[]){"1"}};
	struct boot_host host = {.name = (char[]){""}, .variable = &foo, .variables = 1};
	struct boot_choice choice;
	struct boot_values values;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client_facts facts = {.archs = 1,
			.arch = {row[i].arch},
			.mac_source = CLIENT_MAC_RELAY,
			.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};

		boot_values_of_client(&values, config, &facts, NULL, &host, NULL);
		boot_rule_choose(&choice, config, &facts, NULL, &host, &values);
		assert_non_null(choice.rule);
		assert_string_equal(choice.rule->name, row[i].rule);
		assert_string_equal(choice.url, row[i].url);
	}
	boot_config_free(config);
}

static void test_covers(void **state)
{
	static const struct {
		const char *a, *b;
		bool covers;
	} row[] = {
		{"", "arch = {7}", true},
		{"arch = {7}", "", false},
		{"arch = {7}", "arch = {9}", true},
		{"arch = {9}", "arch = {7}", false},
		{"arch = {7, 11}", "arch = {11}", true},
		{"arch = {7}", "arch = {7, 11}", false},
		{"user-class = \"i*\"", "user-class = \"iPXE\"", true},
		{"user-class = \"iPXE\"", "user-class = \"i*\"", false},
		{"user-class = \"iPXE\"", "arch = {7}", false},
		{"mac = \"52:54\"", "mac = \"52:54:00\"", true},
		{"mac = \"52:54:00\"", "mac = \"52:54\"", false},
		{"subnet = \"2001:db8::/32\"", "subnet = \"2001:db8:1::/64\"", true},
		{"subnet = \"2001:db8:1::/64\"", "subnet = \"2001:db8::/32\"", false},
		{"host = \"*\"", "host = \"db1\"", true},
		{"group = \"r*\"", "group = \"rack7\"", true},
		{"group = \"db\"", "host = \"db1\"", false},
		{"arch = {uefi}", "arch = {x64-uefi, arm64-uefi}", true},
		{"arch = {uefi}", "arch = {x64}", false},
		{"arch = {x64}", "arch = {x64-uefi, 9}", true},
		{"arch = {x64, arm64}", "arch = {arm64}", true},
		{"host = \"db1\"", "mac = \"52\"", false},
		{"mac = {\"52:54\", \"00:16\"}", "mac = {\"00:16:3e\"}", true},
		{"mac = {\"52:54\"}", "mac = {\"52:54:00\", \"00:16:3e\"}", false},
		{"group = \"!db\"", "", false},
		{"group = \"!db\"", "group = \"web\"", false},
		{"group = \"!db\"", "group = {\"web\", \"!d*\"}", true},
		{"group = \"!d*\"", "group = \"!db\"", false},
		{"", "group = \"!db\"", true},
		{"group = \"db\"", "group = \"!db\"", false},
		{"not-arch = {9}", "not-arch = {7}", true},
		{"not-arch = {7}", "not-arch = {9}", false},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct boot_config *config;

		snprintf(text, sizeof(text),
			"subnet \"2001:db8:1::/64\" {}\n"
			"boot \"a\" { %s url = \"tftp://[2001:db8::1]/a\" }\n"
			"boot \"b\" { %s url = \"tftp://[2001:db8::1]/b\" }\n",
			row[i].a, row[i].b);
		config = load(text);
		if (conditions_cover(&config->rule[0].when, &config->rule[1].when) != row[i].covers)
			fail_msg("{%s} over {%s}", row[i].a, row[i].b);
		boot_config_free(config);
	}
}

/* What conditions_cover() says of each row of the table: a row without `covers`, or one that
 * always says yes, yields a false "can never match". */
static void test_every_kind_covers(void **state)
{
	static const char *const value[CONDITION_KINDS][2] = {
		[CONDITION_ARCH] = {"x64-http", "arm64-http"},
		[CONDITION_USER_CLASS] = {"a", "b"},
		[CONDITION_VENDOR_CLASS] = {"a", "b"},
		[CONDITION_HOST] = {"a", "b"},
		[CONDITION_GROUP] = {"a", "b"},
		[CONDITION_MAC] = {"52", "53"},
		[CONDITION_UUID] = {"00112233-4455-6677-8899-aabbccddeeff",
			"10112233-4455-6677-8899-aabbccddeeff"},
		[CONDITION_SUBNET] = {"2001:db8:1::/64", "2001:db8:2::/64"},
		[CONDITION_INTERFACE_ID] = {"a", "b"},
		[CONDITION_REMOTE_ID] = {"a", "b"},
	};

	(void)state;
	for (int i = 0; i < CONDITION_KINDS; i++) {
		enum condition_kind kind = (enum condition_kind)i, named;
		struct conditions all = {0}, a = {0}, b = {0}, both = {0}, none_a = {0};
		bool is_negated;

		assert_true(condition_named(condition_name(kind), &named, &is_negated));
		assert_int_equal(named, kind);
		assert_true(*condition_syntax(kind));
		assert_int_equal(conditions_add(&a, kind, value[i][0], false), 0);
		assert_int_equal(conditions_add(&b, kind, value[i][1], false), 0);
		assert_int_equal(conditions_add(&both, kind, value[i][0], false), 0);
		assert_int_equal(conditions_add(&both, kind, value[i][1], false), 0);
		assert_int_equal(conditions_add(&none_a, kind, value[i][0], true), 0);
		assert_int_equal(conditions_add(&none_a, kind, "!x", true), -EINVAL);
		assert_int_equal(conditions_add(&none_a, kind, "", false), -EINVAL);
		if (!conditions_cover(&a, &a) || !conditions_cover(&both, &a) ||
			!conditions_cover(&both, &b) || !conditions_cover(&all, &a) ||
			!conditions_cover(&none_a, &none_a))
			fail_msg("%s covers too little", condition_name(kind));
		if (conditions_cover(&a, &b) || conditions_cover(&a, &both) ||
			conditions_cover(&a, &all) || conditions_cover(&none_a, &all) ||
			conditions_cover(&none_a, &a) || conditions_cover(&a, &none_a))
			fail_msg("%s covers too much", condition_name(kind));
		conditions_fini(&a);
		conditions_fini(&b);
		conditions_fini(&both);
		conditions_fini(&none_a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_covers),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_a_variable_without_a_value),
		cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
