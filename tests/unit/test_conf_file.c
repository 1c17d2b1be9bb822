/* SPDX-License-Identifier: ISC */
/*
 * bootd.conf: what is refused, with its line and with what was expected; what
 * is warned of; and what a good file comes to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/config/conf_file.h"
#include "tests/unit/failing_malloc.h"

#define UEFI "arch = {x64-uefi} url = \"tftp://[2001:db8::1]/x.efi\""

#define CLASS(what)                                                                                \
	"subnet \"2001:db8::/64\" { addresses = pool pool = \"2001:db8::1-2001:db8::2\" class "    \
	"\"c\" { " what " } }"
#define POOL(range) "subnet \"2001:db8::/64\" { addresses = pool pool = \"" range "\" }"

static void test_refused(void **state)
{
	static const struct {
		const char *text; /* the fault is on line 3 */
		const char *said;
	} row[] = {
		{"nonsense = 1", "there is no such setting"},
		{"https {}", "certificate: https has none"},
		{"https { certificate = \"a\" key = {\"a\", \"b\"} }",
			"key: https has 2 for 1 certificates"},
		{"https { certificate = \"\" }", "expected a PEM file such as"},
		{"https { certificate = \"a\" listen = 443 }", "such as \"[::]:443\""},
		{"http { listen = \"[::1]:9\" } https { certificate = \"a\" listen = "
		 "\"[::1]:9\" }",
			"https: http listens on the same address and port 9"},
		{"https { certificate = \"a\" }", "root: it is not set"},
		{"subnet \"2001:db8::1/64\" {}", "expected a prefix"},
		{"subnet \"2001:db8::\" {}", "expected a prefix"},
		{"subnet \"::/0\" {}", "expected 1 to 120"},
		{"subnet \"2001:db8::/121\" {}", "expected 1 to 120"},
		{"subnet \"2001:db8::/64\" { addresses = dynamic }", "stable, pool, none or proxy"},
		{"subnet \"2001:db8::/64\" { addresses = pool }", "pool: subnet"},
		{"subnet \"2001:db8::/64\" { pool = \"2001:db8::1-2001:db8::2\" }",
			"has only one of"},
		{POOL("a-b"), "expected a range such as"},
		{POOL("2001:db8::1"), "expected a range such as"},
		{POOL("2001:db8::2-2001:db8::1"), "the lower address first"},
		{POOL("2001:db8::-2001:db8::100:0"), "at most 16777216 addresses"},
		{POOL("2001:db8::1-2001:db8:1::1"), "at most 16777216 addresses"},
		{POOL("2001:db8:0:1::1-2001:db8:0:1::2"), "is not inside the subnet of subnet"},
		{POOL("2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::1"),
			"is not inside the subnet of subnet"},
		{POOL("2001:db8::1-2001:db8::2ff") " subnet \"2001:db8::200/120\" {}",
			"its pool has addresses of subnet \"2001:db8::200/120\""},
		{CLASS("addresses = pool"),
			"class \"c\" has only one of addresses = pool and pool"},
		{CLASS("addresses = pool pool = \"2001:db9::1-2001:db9::2\""),
			"\"2001:db9::1-2001:db9::2\" is not inside the subnet of class \"c\""},
		{CLASS("addresses = pool pool = \"2001:db8::2-2001:db8::3\"") " # with that of the "
									      "subnet",
			"class \"c\": its pool has addresses of the pool of the subnet"},
		{CLASS("arch = {vax}"), "expected an architecture"},
		{CLASS("url = \"x\""), "there is no such setting"},
		{CLASS("subnet = \"2001:db8::/64\""), "there is no such setting"},
		{CLASS("lifetime = \"1s\""), "expected a time"},
		{"leases = \"\"", "expected a file"},
		{"subnet \"2001:db8::/64\" { lifetime = \"30s\" }", "expected a time such as"},
		{"subnet \"2001:db8::/64\" { lifetime = forever }", "expected a time such as"},
		{"listen = {\"vlan*\", \"no name\"}",
			"listen: \"no name\" is not valid; expected a name or pattern"},
		{"listen = {\"!\"}", "such as \"eth0\", \"vlan*\" or \"!vlan99\""},
		{"tftp { listen = \"[::]:0\" }", "expected an address and a port"},
		{"tftp {}", "need root"},
		{"dns = {\"192.0.2.1\"}", "expected an IPv6 address"},
		{"domain-search = {\"a..b\"}", "expected a domain name"},
		{"client-rate = -1", "expected messages a second from 1 to 1000000"},
		{"link-rate = 1000001", "expected messages a second from 1 to 1000000"},
		{"trusted-relays = {\"2001:db8::1\"}", "expected a prefix such as"},
		{"sol-max-rt = \"59s\"", "expected a time between 60s and 1d"},
		{"inf-max-rt = \"2d\"", "expected a time between 60s and 1d"},
		{"information-refresh = \"9m\"", "expected a time between 10m and 365d"},
		{"relay-supplied-options = {65, 3}", "the server does not make itself"},
		{"relay-supplied-options = {37}", "the server does not make itself"},
		{"relay-supplied-options = {x}", "the server does not make itself"},
		{"relay-supplied-options = {65536}", "the server does not make itself"},
		{"key = \"short\"", "16 characters"},
		{"server-duid = \"00\"", "expected a DUID"},
		{"host \"x\" { address = \"2001:db8::5\" }",
			"nothing identifies \"x\"; expected a mac, uuid or duid"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" subnet = \"2001:db8::/64\" }",
			"has a subnet or relay-id without a port"},
		{"host \"x\" { interface-id = \"ge*\" }", "expected a text or octets"},
		{"group \"x\" { set = {\"a\"} }", "name=value"},
		{"host \"x\" { mac = \"52:54:00\" }", "expected a MAC address"},
		{"dns = {\"2001:db8::1\"}\ndns = {\"2001:db8::2\"}",
			"b.conf:4: dns: is set already, in line 3; expected one"},
		{"boot \"x\" { arch = {x64-uefi}\n" UEFI " }", "arch: is set already, in line 3"},
		{"tftp { block-size = 1000 # }\n block-size = 1000 }",
			"block-size: is set already, in line 3"},
		{"tftp { block-size = 100 }",
			"block-size: 100 is not valid; expected 512 to 65464"},
		{"tftp { window-size = 65 }", "window-size: 65 is not valid; expected 1 to 64"},
		{"tftp { ports = \"5-4\" }", "expected a range of ports such as"},
		{"http { connections-per-client = 0 }", "0 is not valid; expected 1 to 100000"},
		{"http { listen = {\"[::]:80\", \"x\"} }", "expected an address and a port"},
		{"boot \"x\" { group = \"rack8\" " UEFI " }", "there is no group \"rack8\""},
		{"boot \"x\" { not-host = {\"a*\", \"db9\"} " UEFI " }",
			"there is no host \"db9\""},
		{"subnet \"2001:db8:2::/64\" { class \"c\" { group = \"!g\" } }",
			"group: class \"c\": there is no group \"g\""},
		{"host \"x\" { uuid = \"1\" }", "expected a UUID"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" address = \"ff02::1\" }",
			"an IPv6 address that a host can have"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" address = \"fe80::1\" }",
			"an IPv6 address that a host can have"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" set = {\"novalue\"} }", "name=value"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" set = {\"a b=c\"} }", "name=value"},
		{"host \"x\" { mac = \"52:54:00:12:34:56\" set = {\"a=b\\nc\"} }", "name=value"},
		{"boot \"x\" {}", "b.conf:3: url: boot \"x\" has none; expected"},
		{"boot \"x\" { arch = {x86-64} " UEFI " }", "expected an architecture"},
		{"boot \"x\" { arch = {65536} " UEFI " }", "expected an architecture"},
		{"boot \"x\" { mac = \"52:5\" " UEFI " }", "first octets of a MAC"},
		{"boot \"x\" { subnet = \"2001:db8::1\" " UEFI " }", "expected a prefix"},
		{"boot \"x\" { user-class = \"\" " UEFI " }", "expected a text"},
		{"boot \"x\" { interface-id = \"0xabc\" " UEFI " }", "octets"},
		{"boot \"x\" { arch = {x64-uefi} url = \"http://[2001:db8::1]/x\" }",
			"only tftp://"},
		{"boot \"x\" { arch = {x64-uefi} url = \"tftp://[2001:db8::1]:69/x\" }", "a port"},
		{"boot \"x\" { arch = {7} url = \"tftp://2001:db8::1/x\" }", "in brackets"},
		{"boot \"x\" { arch = {x64-http} url = \"tftp://[2001:db8::1]/x\" }",
			"only http://"},
		{"boot \"x\" { arch = {x64-http, x64-uefi} url = \"http://[2001:db8::1]/x.efi\" }",
			"for x64-uefi"},
		{"boot \"x\" { arch = {uefi} url = \"http://[2001:db8::1]/x.efi\" }",
			"only tftp://"},
		{"boot \"x\" { arch = {http} url = \"tftp://[2001:db8::1]/x.efi\" }",
			"only http://"},
		{"boot \"x\" { arch = {arm64, x64-uefi} url = \"http://[2001:db8::1]/x.efi\" }",
			"for x64-uefi: "},
		{"boot \"x\" { arch = {x64} url = \"tftp://2001:db8::1/x\" }", "for x64-"},
		{"boot \"x\" { arch = {uefi} param = {\"a\"} url = \"tftp://[2001:db8::1]/x\" }",
			"param for ia64-uefi"},
		{"boot \"x\" { arch = {loongarch} " UEFI " }", "expected an architecture"},
		{"boot \"x\" { url = \"x.efi\" }", "no scheme"},
		{"boot \"x\" { param = {\"quiet\"} " UEFI " }", "1 to 5 digits"},
		{"boot \"x\" { param = {\"\"} " UEFI " }", "not empty"},
		{"boot \"x\" { " UEFI, "never closed"},
		{"host \"h\" { mac = \"00:00:00:00:00:00\" }", "a MAC address of one machine"},
		{"host \"h\" { mac = \"ff:ff:ff:ff:ff:ff\" }", "a MAC address of one machine"},
		{"host \"h\" { mac = \"01:00:5e:00:00:01\" }", "a MAC address of one machine"},
		{"host \"h\" { uuid = \"00000000-0000-0000-0000-000000000000\" }",
			"a UUID of one machine"},
		{"host \"h\" { uuid = \"00020003-0004-0005-0006-000700080009\" }",
			"a UUID of one machine"},
		{"preference = 256", "expected a number from 0 to 255"},
		{"preference = high", "expected a number from 0 to 255"},
		{"option \"ntp\" = \"::1\"",
			"unknown; expected a number, or one of vendor-options"},
		{"option \"3\" = \"hex:00\"", "the server makes this option itself"},
		{"option \"59\" = \"text:x\"", "the server makes this option itself"},
		{"option \"65536\" = \"text:x\"", "unknown"},
		{"option \"dns-servers\" = {\"::1\", \"::x\"}",
			"\"::x\": expected an IPv6 address such as"},
		{"option \"23\" = \"example.org\"", "expected an IPv6 address"},
		{"option \"99\" = \"abc\"", "expected \"TYPE:VALUE\""},
		{"option \"99\" = \"u8:256\"", "expected \"TYPE:VALUE\""},
		{"option \"99\" = \"hex:abc\"", "expected \"TYPE:VALUE\""},
		{"option \"tzdb-timezone\" = {\"a\", \"b\"}", "expected one text"},
		{"option \"tzdb-timezone\" = {}", "no value"},
		{"option \"sol-max-rt\" = 59", "from 60 to 86400"},
		{"option \"vendor-options\" = \"4491=x\"", "ENTERPRISE/CODE=TYPE:VALUE"},
		{"group \"g\" { option \"99\" = /* }{ */ \"x\" }", "expected \"TYPE:VALUE\""},
		{"host \"h\" { mac = \"52:54:00:00:00:01\" option \"99\" = \"x\" }",
			"expected \"TYPE:VALUE\""},
		{"subnet \"2001:db8::/64\" { class \"c\" { option \"99\" = \"x\" } }",
			"expected \"TYPE:VALUE\""},
		{"host \"Z\xfcrich\" { mac = \"52:54:00:12:34:56\" }", "UTF-8"},
		{"root = \"\xed\xa0\x80\"", "UTF-8"},
		{"root = \"\xc0\x80\"", "UTF-8"},
		{"root = \"\xf4\x90\x80\x80\"", "UTF-8"},
		{"root = \"\xe2\x82", "UTF-8"},
	};
	struct config_problems problems;
	struct boot_config *config;
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		problems = (struct config_problems){0};
		snprintf(text, sizeof(text), "# a comment, it's \"one\"\n/* two ${x} */\n%s\n",
			row[i].text);
		if (conf_text_load("b.conf", text, &config, &problems) != -EINVAL)
			fail_msg("%s: passes", row[i].text);
		assert_null(config);
		assert_true(problems.errors > 0);
		if (!strstr(problems.text, row[i].said))
			fail_msg("%s: said %s", row[i].text, problems.text);
		if (!strstr(problems.text, "b.conf:3: ") && !strstr(problems.text, "b.conf:4: "))
			fail_msg("%s: another line: %s", row[i].text, problems.text);
	}
}

static void test_conflicts(void **state)
{
	static const struct {
		const char *text, *said;
	} row[] = {
		{"subnet \"2001:db8:1::/64\" {}\nsubnet \"2001:db8:1:0::/64\" {}\n",
			"b.conf:2: subnet \"2001:db8:1::/64\" is there already (line 1)"},
		{"host \"a\" { mac = \"52:54:00:12:34:56\" }\n"
		 "host \"b\" { mac = \"52-54-00-12-34-56\" }\n",
			"the same MAC, UUID or DUID"},
		{"host \"a\" { uuid = \"00112233-4455-6677-8899-aabbccddeeff\" }\n"
		 "host \"b\" { uuid = \"33221100-5544-7766-8899-aabbccddeeff\" }\n",
			"the same MAC, UUID or DUID"},
		{"host \"a\" { mac = \"52:54:00:12:34:56\" address = \"2001:db8::1\" }\n"
		 "host \"b\" { mac = \"52:54:00:12:34:57\" address = \"2001:db8:0::1\" }\n",
			"the same address"},
		{"host \"a\" { interface-id = \"ge-0\" subnet = \"2001:db8::/64\" }\n"
		 "host \"c\" { interface-id = \"ge-0\" }\n"
		 "host \"b\" { interface-id = \"0x67652d30\" subnet = \"2001:db8::/64\" }\n",
			"b.conf:3: host \"b\" has the same port as host \"a\" (line 1)"},
		{"host \"a\" { mac = \"52:54:00:12:34:56\" }\n"
		 "host \"a\" { mac = \"52:54:00:12:34:57\" }\n",
			"the same name as host \"a\" (line 1)"},
	};
	struct boot_config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct config_problems problems = {0};

		assert_int_equal(
			conf_text_load("b.conf", row[i].text, &config, &problems), -EINVAL);
		if (!strstr(problems.text, row[i].said))
			fail_msg("%s", problems.text);
	}
}

static unsigned count_of(const char *text, const char *wanted)
{
	unsigned n = 0;

	for (; (text = strstr(text, wanted)); text += strlen(wanted))
		n++;
	return n;
}

/* Each wrong value of a list is named once, and a line with wrong syntax causes no second error. */
static void test_each_error_is_reported_once(void **state)
{
	static const struct {
		const char *text, *said;
		unsigned errors;
	} row[] = {
		{"subnet \"2001:db8::/64\" {}\nboot \"a\" { arch = {x64uefi} url = "
		 "\"tftp://[::1]/x\" }",
			"arch: \"x64uefi\" is not valid", 1},
		{"dns = {\"::1\", \"x\", \"y\"}", "dns: \"x\" is not valid", 2},
		{"dns = {\"::1\", \"x\", \"y\"}", "dns: \"y\" is not valid", 2},
		{"dns = {\"::1\",\n\"x\"\n}", "b.conf:2: dns: \"x\" is not valid", 1},
		{"host \"a\" { mac = \"x\" }\nhost \"b\" { mac = \"x\" }",
			"b.conf:1: mac: \"x\" is not valid", 2},
		{"host \"a\" { mac = \"x\" }\nhost \"b\" { mac = \"x\" }",
			"b.conf:2: mac: \"x\" is not valid", 2},
		{"boot \"a\" { url = http://[::1]/x }", "url: a URL must be in quotes", 1},
	};
	struct config_problems problems;
	struct boot_config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		problems = (struct config_problems){0};
		assert_int_equal(
			conf_text_load("b.conf", row[i].text, &config, &problems), -EINVAL);
		if (problems.errors != row[i].errors || count_of(problems.text, row[i].said) != 1)
			fail_msg("%s: %u errors: %s", row[i].text, problems.errors, problems.text);
	}
}

/* What is given along with a URL must leave an Advertise that UEFI takes. */
static void test_an_answer_too_large_for_firmware(void **state)
{
	char text[1024] = "dns = {\"::1\"";
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	for (int i = 0; i < 8; i++)
		strcat(text, ", \"::2\"");
	strcat(text, "}\n");
	assert_int_equal(conf_text_load("b.conf", text, &config, &problems), -EINVAL);
	assert_non_null(strstr(problems.text, "b.conf:1: dns: there are more than 8 addresses"));
	strcpy(text, "domain-search = {\"a.example\"");
	for (int i = 0; i < 25; i++)
		strcat(text, ", \"b.example\"");
	strcat(text, "}\n");
	problems = (struct config_problems){0};
	assert_int_equal(conf_text_load("b.conf", text, &config, &problems), -EINVAL);
	assert_non_null(strstr(problems.text, "b.conf:1: domain-search: the names are too long"));
}

static void test_warnings_of_the_configuration(void **state)
{
	static const struct {
		const char *text;
		const char *said; /* NULL: nothing */
	} row[] = {
		{"boot \"a\" { " UEFI " }\nboot \"b\" { " UEFI " }\n",
			"b.conf:3: warning: boot \"b\" can never match: boot \"a\" (line 2)"},
		{"boot \"a\" { url = \"tftp://[2001:db8::1]/a\" }\n"
		 "boot \"b\" { arch = {x64-http} url = \"http://[2001:db8::1]/b.efi\" }\n",
			NULL}, /* HTTP Boot passes over the first */
		{"boot \"a\" { url = \"http://[2001:db8::1]/a.efi\" }\n"
		 "boot \"b\" { arch = {x64-http} url = \"http://[2001:db8::1]/b.efi\" }\n",
			"can never match"},
		{"subnet \"2001:db8:2::/64\" { class \"a\" { arch = {uefi} }\n"
		 "class \"b\" { arch = {x64-uefi} } }\n",
			"b.conf:3: warning: class \"b\" can never match: class \"a\" (line 2)"},
		{"subnet \"2001:db8:2::/64\" { class \"a\" {} }\n", "class \"a\" has no condition"},
		{"boot \"a\" { subnet = \"2001:db8:5::/64\" " UEFI " }\n",
			"no subnet in its prefix"},
		{"boot \"a\" { arch = {uefi} url = \"tftp://[2001:db8::1]/a\" }\n"
		 "boot \"b\" { arch = {arm64-uefi} url = \"tftp://[2001:db8::1]/b\" }\n",
			"b.conf:3: warning: boot \"b\" can never match: boot \"a\" (line 2)"},
		{"boot \"a\" { arch = {x64} url = \"tftp://[2001:db8::1]/a\" }\n"
		 "boot \"b\" { arch = {x64} url = \"http://[2001:db8::1]/b.efi\" }\n",
			NULL}, /* each is for some of them */
		{"boot \"a\" { arch = {x64} url = \"http://[2001:db8::1]/b.efi\" }\n"
		 "boot \"b\" { arch = {http} url = \"http://[2001:db8::1]/b.efi\" }\n",
			NULL},
		{"boot \"a\" { arch = {x64-uefi} url = \"tftp://[2001:db8::1]/snponly.efi\" }\n",
			"over and over"},
		{"boot \"i\" { user-class = \"iPXE\" url = \"http://[2001:db8::1]/s\" }\n"
		 "boot \"a\" { arch = {x64-uefi} url = \"tftp://[2001:db8::1]/snponly.efi\" }\n",
			NULL},
		{"boot \"a\" { arch = {x64-http} url = \"http://[2001:db8::1]/boot\" }\n",
			"Content-Type"},
		{"boot \"a\" { arch = {x64-http} url = \"http://[2001:db8::1]/b.efi?x=1\" }\n",
			NULL},
		{"listen = {\"lan1\"} dhcp-listen = \"[2001:db8::1]:547\"\n", "are not heard"},
		{"listen = {\"lan1\"} dhcp-listen = \"[::]:5470\"\n", NULL},
		{"host \"a\" { mac = \"52:54:00:12:34:56\" address = \"2001:db8:9::1\" }\n",
			"in none of the subnets"},
		{"host \"a\" { mac = \"52:54:00:12:34:56\" group = \"db\" }\n",
			"b.conf:2: warning: host \"a\": there is no group \"db\""},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct config_problems problems = {0};
		struct boot_config *config;

		snprintf(text, sizeof(text), "subnet \"2001:db8:1::/64\" {}\n%s", row[i].text);
		assert_int_equal(conf_text_load("b.conf", text, &config, &problems), 0);
		if (row[i].said ? !strstr(problems.text, row[i].said) : *problems.text)
			fail_msg("%s: %s", row[i].text, problems.text);
		boot_config_free(config);
	}
}

static void test_two_sections_on_one_address(void **state)
{
	static const char *const row[][2] = {
		{"http {} http { listen = \"[::1]\" } http {}", "http: [::]:80 is there twice"},
		{"tftp {} tftp { listen = \"[::]:69\" }", "tftp: [::]:69 is there twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct config_problems problems = {0};
		struct boot_config *config;
		char text[200];

		snprintf(text, sizeof(text), "root = \"/srv\" subnet \"2001:db8::/64\" {} %s",
			row[i][0]);
		assert_int_equal(conf_text_load("b.conf", text, &config, &problems), -EINVAL);
		assert_non_null(strstr(problems.text, row[i][1]));
	}
}

static void test_example(void **state)
{
	static const char text[] =
		"listen = {\"eth0\", 'vlan*', \"!vlan99\"}\n"
		"root = \"/srv/netb\xc3\xb6\xc3\xb6t6\xe2\x82\xac\xf0\x9f\x98\x80\" # served\n"
		"tftp { listen = \"[2001:db8::69]:69\" } http {} page {}\n"
		"http { listen = \"[2001:db8::69]:8080\" }\n"
		"dns = {\"2001:db8::53\", \"2001:db8::54\"}\n"
		"domain-search = {\"example.org\", \"boot.example.org.\"}\n"
		"preference = off lifetime = \"2h\" control = \"/run/x\"\n"
		"key = \"sixteen characters\"\n"
		"subnet \"2001:db8:123::/64\" { interface = \"eth0\" }\n"
		"subnet \"2001:db8:124::/56\" { addresses = none lifetime = \"1d\" }\n"
		"host \"db1\" { mac = \"52:54:00:12:34:56\" duid = \"0003000152:54:00:12:34:56\"\n"
		"  address = \"2001:db8:123::d1\" set = {\"profile=nixos-db\", \"x=${y}\"} }\n"
		"boot \"ipxe\" { user-class = \"iPXE\"\n"
		"  url = \"http://[2001:db8::69]/boot.ipxe?mac=${mac}&h=${HOME}\" }\n"
		"boot \"uefi\" { arch = {x64-uefi, 11} url = "
		"\"tftp://[2001:db8::69]/${arch}.efi\"\n"
		"  param = {\"12\"} mac = \"52:54:\" }\n";
	struct config_problems problems = {0};
	struct boot_config *config;
	const struct boot_host *host;
	struct in6_addr address;
	uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

	(void)state;
	if (conf_text_load("b.conf", text, &config, &problems) < 0 || problems.warnings)
		fail_msg("%s", problems.text);
	assert_true(link_patterns_match(&config->listen, "vlan9"));
	assert_false(link_patterns_match(&config->listen, "vlan99"));
	assert_true(config->tftp.count == 1 && config->http.count == 2 && config->has_key);
	assert_true(config->has_page && IN6_IS_ADDR_LOOPBACK(&config->page.sin6_addr));
	assert_int_equal(ntohs(config->tftp.at[0].sin6_port), 69);
	assert_int_equal(ntohs(config->http.at[0].sin6_port), 80);
	assert_int_equal(ntohs(config->http.at[1].sin6_port), 8080);
	assert_int_equal(config->options.option[0].len, 4 + 2 * 16);
	assert_int_equal(config->options.option[1].code, DHCP6_OPT_DOMAIN_LIST);
	assert_int_equal(config->options.option[1].len, 4 + 31);
	assert_memory_equal(config->options.octets + config->options.option[1].at + 4,
		"\7example\3org\0\4boot\7example\3org", 31);
	assert_int_equal(config->preference, 0);
	assert_int_equal(config->subnets, 2);
	assert_int_equal(config->subnet[0].plan.lifetime_s, 7200);
	assert_int_equal(config->subnet[1].plan.lifetime_s, 86400);
	assert_int_equal(config->subnet[1].plan.addresses, SUBNET_NONE);
	assert_string_equal(
		config->rule[0].url, "http://[2001:db8::69]/boot.ipxe?mac=${mac}&h=${HOME}");
	assert_int_equal(config->rule[1].when.of[CONDITION_ARCH].values, 2);
	assert_int_equal(config->rule[1].when.of[CONDITION_MAC].values, 1);
	assert_int_equal(config->rule[1].when.of[CONDITION_MAC].value->mac.len, 2);
	assert_int_equal(config->rule[1].params, 1);

	host = host_table_by_mac(&config->hosts, mac);
	assert_non_null(host);
	assert_ptr_equal(host, host_table_by_name(&config->hosts, "db1"));
	assert_ptr_equal(host, host_table_by_duid(&config->hosts, &host->duid));
	assert_ptr_equal(host, host_table_by_address(&config->hosts, &host->address));
	assert_string_equal(boot_config_variable(config, host, "profile"), "nixos-db");
	assert_string_equal(boot_config_variable(config, host, "x"), "${y}");
	assert_null(boot_config_variable(config, host, "y"));

	inet_pton(AF_INET6, "2001:db8:123::5", &address);
	assert_ptr_equal(boot_config_subnet_of(config, &address), &config->subnet[0]);
	inet_pton(AF_INET6, "2001:db8:124:ff::5", &address);
	assert_ptr_equal(boot_config_subnet_of(config, &address), &config->subnet[1]);
	inet_pton(AF_INET6, "2001:db8:124:100::5", &address);
	assert_null(boot_config_subnet_of(config, &address));
	assert_ptr_equal(boot_config_subnet_on(config, "eth0"), &config->subnet[0]);
	assert_null(boot_config_subnet_on(config, "eth1"));
	boot_config_free(config);
}

static void test_longest_prefix_wins(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config;
	struct in6_addr address;

	(void)state;
	assert_int_equal(conf_text_load("b.conf",
				 "subnet \"2001:db8::/32\" {} subnet \"2001:db8:1::/64\" {}"
				 " subnet \"2001:db8::/48\" {}",
				 &config, &problems),
		0);
	inet_pton(AF_INET6, "2001:db8:1::9", &address);
	assert_string_equal(boot_config_subnet_of(config, &address)->text, "2001:db8:1::/64");
	inet_pton(AF_INET6, "2001:db8:2::9", &address);
	assert_string_equal(boot_config_subnet_of(config, &address)->text, "2001:db8::/32");
	inet_pton(AF_INET6, "2001:db9::9", &address);
	assert_null(boot_config_subnet_of(config, &address));
	boot_config_free(config);
}

/* Nested and apart, against a search of all; and the steps that one takes among 10,000. */
static void test_many_subnets(void **state)
{
	enum { SUBNETS = 10000, STEPS = 24 };
	char *text = malloc(SUBNETS * 64), *to = text;
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	for (unsigned i = 0; i < SUBNETS; i++)
		to += sprintf(to, "subnet \"2001:db8:%x::/%u\" {%s%u%s}\n", i / 2 * 4,
			i % 2 ? 48 + i / 2 % 60 : 46, i % 3 ? "interface = l" : "#", i,
			i % 3 ? "" : "\n");
	if (conf_text_load("b.conf", text, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	for (unsigned i = 0; i < 4 * SUBNETS / 2; i++) {
		const struct subnet *best = NULL;
		struct in6_addr address = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(i >> 8),
						   (uint8_t)i, 0, (uint8_t)(i % 7 == 0)}};
		unsigned steps = 0;

		for (size_t k = i / 4 * 2 > 20 ? i / 4 * 2 - 20 : 0;
			k < config->subnets && k < i / 4 * 2 + 20; k++)
			if (prefix_contains(&config->subnet[k].prefix, &address) &&
				(!best || config->subnet[k].prefix.len > best->prefix.len))
				best = &config->subnet[k];
		assert_ptr_equal(subnet_index_find(&config->index, &address, &steps), best);
		assert_true(steps <= STEPS);
	}
	assert_ptr_equal(boot_config_subnet_on(config, "l9998"), &config->subnet[9998]);
	assert_null(boot_config_subnet_on(config, "l9999"));
	boot_config_free(config);
	free(text);
}

static void test_many_hosts(void **state)
{
	enum { HOSTS = 300 };
	char *text = malloc(HOSTS * 100), *to = text;
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	for (int i = 0; i < HOSTS; i++)
		to += sprintf(to, "host \"h%d\" { mac = \"52:54:00:00:%02x:%02x\" }\n", i, i / 256,
			i % 256);
	assert_int_equal(conf_text_load("b.conf", text, &config, &problems), 0);
	for (int i = 0; i < HOSTS; i++) {
		uint8_t mac[] = {0x52, 0x54, 0, 0, (uint8_t)(i / 256), (uint8_t)i};
		const struct boot_host *host = host_table_by_mac(&config->hosts, mac);

		assert_non_null(host);
		assert_int_equal(atoi(host->name + 1), i);
	}
	boot_config_free(config);
	free(text);
}

static void test_missing_file(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	assert_int_equal(conf_file_load("/nonexistent/bootd.conf", &config, &problems), -ENOENT);
	assert_non_null(strstr(problems.text, "/nonexistent/bootd.conf: cannot be read: No such"));
}

/* Subnets are built while the file is parsed: what stands behind them still counts. */
static void test_lifetime_behind_the_subnets(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	assert_int_equal(conf_text_load("b.conf",
				 "subnet \"2001:db8:1::/64\" { class \"a\" { arch = {7} } class "
				 "\"b\" { arch = "
				 "{11} lifetime = \"5m\" } }\n"
				 "subnet \"2001:db8:2::/64\" { lifetime = \"3h\" class \"a\" { "
				 "arch = {7} } }\n"
				 "lifetime = \"2h\"\nsubnet \"2001:db8:3::/64\" {}\n",
				 &config, &problems),
		0);
	assert_int_equal(config->subnets, 3);
	assert_int_equal(config->subnet[0].plan.lifetime_s, 7200);
	assert_int_equal(config->subnet[0].class[0].plan.lifetime_s, 7200);
	assert_int_equal(config->subnet[0].class[1].plan.lifetime_s, 300);
	assert_int_equal(config->subnet[1].plan.lifetime_s, 10800);
	assert_int_equal(config->subnet[1].class[0].plan.lifetime_s, 10800);
	assert_int_equal(config->subnet[2].plan.lifetime_s, 7200);
	boot_config_free(config);
}

/* Several sections of the file servers, and several endpoints in one: all are served. */
static void test_file_server_sections(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	(void)state;
	assert_int_equal(
		conf_text_load("b.conf",
			"root = \"/srv\"\n"
			"tftp {}\ntftp { listen = \"[::1]:6969\" ports = \"40000-40999\" }\n"
			"http { listen = {\"[::]:80\", \"[::1]:8080\"} connections = 100 }\n"
			"http { listen = \"[2001:db8::69]\" single-client = 1 }\n",
			&config, &problems),
		-EINVAL);
	problems = (struct config_problems){0};
	assert_int_equal(
		conf_text_load("b.conf",
			"root = \"/srv\"\n"
			"tftp {}\ntftp { listen = \"[::1]:6969\" ports = \"40000-40999\" }\n"
			"http { listen = {\"[::]:80\", \"[::1]:8080\"} connections = 100 }\n"
			"http { listen = \"[2001:db8::69]\" least-rate = 2000 }\n"
			"https { certificate = {\"a\", \"b\"} key = {\"c\", \"d\"} }\n"
			"https { listen = \"[::1]:8443\" certificate = \"e\" connections = 90 }\n",
			&config, &problems),
		0);
	assert_int_equal(config->tftp.count, 2);
	assert_int_equal(ntohs(config->tftp.at[0].sin6_port), 69);
	assert_int_equal(ntohs(config->tftp.at[1].sin6_port), 6969);
	assert_int_equal(config->tftp_settings.first_port, 40000);
	assert_int_equal(config->tftp_settings.last_port, 40999);
	assert_int_equal(config->tftp_settings.window_size, 64);
	assert_int_equal(config->http.count, 3);
	assert_int_equal(ntohs(config->http.at[1].sin6_port), 8080);
	assert_int_equal(ntohs(config->http.at[2].sin6_port), 80);
	assert_int_equal(config->https.count, 2);
	assert_int_equal(ntohs(config->https.at[0].sin6_port), 443);
	assert_int_equal(ntohs(config->https.at[1].sin6_port), 8443);
	assert_int_equal(config->certificates, 3);
	assert_string_equal(config->certificate[1].certificate, "b");
	assert_string_equal(config->certificate[1].key, "d");
	assert_string_equal(config->certificate[2].certificate, "e");
	assert_null(config->certificate[2].key);
	assert_int_equal(config->certificate[2].line, 7);
	assert_int_equal(config->http_settings.connections, 90);
	assert_int_equal(config->http_settings.connections_per_client, 64);
	assert_int_equal(config->http_settings.least_rate, 2000);
	boot_config_free(config);
}

/* Problems that the file alone does not show. */
static void check_environment(const char *directory, const char *line, const char *expected)
{
	struct config_problems problems = {0};
	struct boot_config *config;
	char text[512];
	bool is_error = expected && strncmp(expected, "error: ", 7) == 0;

	snprintf(text, sizeof(text), "root = \"%s\"\ntftp {}\nhttp {}\n%s\n", directory, line);
	if (conf_text_load("b.conf", text, &config, &problems) < 0)
		fail_msg("%s: %s", line, problems.text);
	problems = (struct config_problems){0};
	conf_check_files(config, &problems);
	if (expected ? !strstr(problems.text, expected + (is_error ? 7 : 0)) : *problems.text)
		fail_msg("%s: said %s", line, problems.text);
	assert_int_equal(problems.errors, is_error);
	boot_config_free(config);
}

static void test_environment(void **state)
{
	char directory[] = "/tmp/netboot6-conf.XXXXXX", path[64];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x.efi", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("x", file);
	fclose(file);
	chmod(path, 0600);
	chmod(directory, 0755);
	check_environment("/nonexistent", "",
		"error: root: \"/nonexistent\" cannot be opened: No such file or directory");
	check_environment(path, "", "error: cannot be opened: Not a directory");
	check_environment(directory, "", NULL);
	check_environment(
		directory, "boot \"x\" { url = \"tftp://[::1]/x.efi\" arch = {7} }", NULL);
	check_environment(directory, "boot \"x\" { url = \"tftp://[::1]/y.efi\" arch = {7} }",
		"b.conf:4: warning: url: the file of boot \"x\"");
	check_environment(directory,
		"boot \"x\" { url = \"http://[::1]/%79.efi?a=b\" arch = {x64-http} }",
		"/y.efi, cannot be served: no such file");
	/* not here: another port, another machine, a handler, a variable */
	check_environment(directory,
		"boot \"x\" { url = \"http://[::1]:8080/y.efi\" arch = {x64-http} }\n"
		"boot \"y\" { url = \"tftp://[2001:db8::99]/y.efi\" arch = {7} }\n"
		"boot \"z\" { url = \"http://[::1]/${mac}.efi\" arch = {x64-http} }",
		NULL);
	if (getuid() == 0)
		check_environment(directory,
			"user = \"nobody\" boot \"x\" { url = \"tftp://[::1]/x.efi\" arch = {7} }",
			"cannot be read by user \"nobody\"");
	unlink(path);
	rmdir(directory);
}

/* A PE image of 0x400 octets, of which the last 0x100 are its signature, cut off after `len`. */
static void write_program(const char *path, uint16_t machine, size_t len)
{
	static const uint8_t header[] = {
		'P', 'E', 0, 0, 0, 0, 1, 0, /* the machine goes into 4 and 5; one section */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 152, 0, 0, 0, /* the optional header's length */
		0x0b, 0x02                                        /* it is a PE32+ */
	};
	uint8_t image[0x400] = {'M', 'Z', [0x3c] = 0x80};
	FILE *file = fopen(path, "w");

	memcpy(image + 0x80, header, sizeof(header));
	image[0x84] = (uint8_t)machine;
	image[0x85] = (uint8_t)(machine >> 8);
	image[0x98 + 108] = 5;             /* data directories */
	image[0x98 + 112 + 32 + 1] = 0x03; /* the signature: at 0x300, ... */
	image[0x98 + 112 + 32 + 5] = 0x01; /* ... of 0x100 */
	image[0x98 + 152 + 17] = 0x01;     /* the section: 0x100 octets, ... */
	image[0x98 + 152 + 21] = 0x02;     /* ... at 0x200 */
	assert_non_null(file);
	assert_int_equal(fwrite(image, 1, len, file), len);
	fclose(file);
}

static void test_programs_that_firmware_refuses(void **state)
{
	static const struct {
		uint16_t machine;
		size_t len;
		const char *arch, *expected;
	} row[] = {
		{0x8664, 0x400, "arch = {x64-uefi}", NULL},
		{0x8664, 0x400, "arch = {ebc-uefi, x64-uefi}", NULL},
		{0x8664, 0x400, "arch = {uefi}", NULL},
		{0x8664, 0x400, "", NULL},
		{0x8664, 0x400, "arch = {bios}", NULL}, /* Linux, which iPXE starts without EFI */
		{0xaa64, 0x400, "arch = {arm64-uefi}", NULL},
		{0x9999, 0x400, "arch = {arm64-uefi}", NULL},
		{0x8664, 0x3ff, "arch = {x64-uefi}",
			"/x.efi, was cut off: it has 1023 octets, and its header names 1024"},
		{0x8664, 0x2ff, "arch = {x64-uefi}", "it has 767 octets"},
		{0x8664, 0x100, "arch = {x64-uefi}", NULL}, /* no header: anything else */
		{0x8664, 0, "arch = {x64-uefi}", "/x.efi, is empty"},
		{0x8664, 0x400, "arch = {arm64-uefi, riscv64-uefi}", "is a program for x64"},
		{0xaa64, 0x400, "arch = {x64-uefi}", "is a program for arm64"},
		{0x5064, 0x400, "arch = {!riscv64}", "is a program for riscv64"},
	};
	char directory[] = "/tmp/netboot6-conf.XXXXXX", path[64], line[128];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x.efi", directory);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		write_program(path, row[i].machine, row[i].len);
		snprintf(line, sizeof(line), "boot \"x\" { url = \"tftp://[::1]/x.efi\" %s }",
			row[i].arch);
		check_environment(directory, line, row[i].expected);
	}
	unlink(path);
	rmdir(directory);
}

/* Each allocation fails once: the file is never blamed for it. */
static void test_no_memory(void **state)
{
	static const char text[] =
		"listen = {\"lan*\"} dns = {\"2001:db8::53\"} domain-search = {\"example.org\"}\n"
		"option \"ntp-servers\" = {\"2001:db8::123\"} http {} tftp { ports = \"40000-40999\" }\n"
		"root = \"/tmp\" metrics { names = {\"a\", \"b\"} } trusted-relays = {\"2001:db8::/32\"}\n"
		"group \"g\" { set = {\"a=b\"} option \"17\" { value = \"4491/1=text:abc\" } }\n"
		"host \"h\" { mac = \"02:00:00:00:00:01\" group = g set = {\"c=d\"} interface-id = p1 }\n" CLASS(
			"vendor-class = \"x*\" not-user-class = {\"a\", \"b\"}") "\n"
		"boot \"b\" { arch = {x64-uefi, \"!x64-http\"} url = \"tftp://[2001:db8::1]/${mac}\" param = {\"1\"} }\n";
	long failed = -1;
	int rc;

	(void)state;
	do {
		struct config_problems problems = {0};
		struct boot_config *config = NULL;

		allocations_left = ++failed;
		rc = conf_text_load("f", text, &config, &problems);
		if (rc < 0 && (rc != -ENOMEM || problems.errors > 0))
			fail_msg("allocation %ld: %d: %s", failed, rc, problems.text);
		boot_config_free(config);
	} while (allocations_left < 0);
	allocations_left = -1;
	assert_int_equal(rc, 0);
	assert_true(failed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_each_error_is_reported_once),
		cmocka_unit_test(test_an_answer_too_large_for_firmware),
		cmocka_unit_test(test_warnings_of_the_configuration),
		cmocka_unit_test(test_two_sections_on_one_address),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_longest_prefix_wins),
		cmocka_unit_test(test_file_server_sections),
		cmocka_unit_test(test_lifetime_behind_the_subnets),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_programs_that_firmware_refuses),
		cmocka_unit_test(test_many_subnets),
		cmocka_unit_test(test_many_hosts),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
