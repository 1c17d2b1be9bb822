/* SPDX-License-Identifier: ISC */
/*
 * The configuration has each kind of host and boot rule that a message's way depends on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/exchange_bench.h"

const char exchange_conf[] =
	"preference = 255 dns = {\"2001:db8::53\"} domain-search = {\"example.org\"}\n"
	"subnet \"2001:db8:1::/64\" {}\n"
	"subnet \"2001:db8:2::/64\" { addresses = none }\n"
	"host \"db1\" { mac = \"52:54:00:00:00:d1\" address = \"2001:db8:1::d1\" }\n"
	"host \"db2\" { uuid = \"00112233-4455-6677-8899-aabbccddeeff\" "
	"address = \"2001:db8:2::d2\" }\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = "
	"\"http://[2001:db8::69]/b.ipxe?m=${mac}&u=${uuid}\" }\n"
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8::69]/x.efi\" }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/x.efi\" "
	"param = {\"700\"} }\n"
	"boot \"arm\" { arch = {arm64-uefi} url = \"tftp://[2001:db8::69]/${uuid}.efi\" }\n";

int exchange_bench_setup(void **state)
{
	return bench_setup(state, exchange_conf);
}

struct in6_addr bench_ask(struct bench *b, uint8_t type, uint32_t iaid, const struct in6_addr *has)
{
	bench_message(b, type);
	if (type != DHCP6_SOLICIT && type != DHCP6_REBIND && type != DHCP6_CONFIRM)
		bench_put_server_id(b);
	bench_put_ia(b, iaid, has);
	bench_put_arch(b, 7);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	return b->address;
}

struct in6_addr bench_bind(struct bench *b)
{
	struct in6_addr offered = bench_ask(b, DHCP6_SOLICIT, 1, NULL);

	return bench_ask(b, DHCP6_REQUEST, 1, &offered);
}

void bench_set_mac(struct bench *b, const char *text)
{
	assert_int_equal(dhcp6_mac_parse(text, b->mac), 0);
}
