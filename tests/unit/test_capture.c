/* SPDX-License-Identifier: ISC */
/*
 * One datagram in each kind of capture, in both byte orders, and each cut short at
 * every octet: it is found, or the end is, and nothing is read past it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp6/wire.h"
#include "netboot6/capture.h"

enum { SECONDS = 1700000000, ROOM = 1024 };

static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const char data[] = "\x01\x12\x34\x56 a Solicit";

/* A file in the making, in one of the byte orders. */
struct making {
	bool is_little;
	uint8_t octets[ROOM];
	struct wire_out out;
};

static void put_u16(struct making *m, uint16_t value)
{
	wire_put_u16(&m->out, m->is_little ? __builtin_bswap16(value) : value);
}

static void put_u32(struct making *m, uint32_t value)
{
	wire_put_u32(&m->out, m->is_little ? __builtin_bswap32(value) : value);
}

static void begin(struct making *m, bool is_little)
{
	m->is_little = is_little;
	m->out = wire_out_of(m->octets, sizeof(m->octets));
}

/* --- the packet, layer upon layer --------------------------------------------------- */

static void put_ipv6(struct wire_out *out, uint8_t next_header)
{
	static const uint8_t source[16] = {0xfe, 0x80, [15] = 1}, to[16] = {0xff, 0x02, [15] = 2};

	wire_put_u32(out, 0x60000000);
	wire_put_u16(out, 8 + sizeof(data));
	wire_put_u8(out, next_header);
	wire_put_u8(out, 1);
	wire_put_bytes(out, source, sizeof(source));
	wire_put_bytes(out, to, sizeof(to));
	wire_put_u16(out, 546);
	wire_put_u16(out, 547);
	wire_put_u16(out, 8 + sizeof(data));
	wire_put_u16(out, 0);
	wire_put_bytes(out, data, sizeof(data));
}

/* Returns its length. */
static size_t make_frame(
	uint8_t frame[ROOM], uint32_t link_type, unsigned tags, uint8_t next_header)
{
	struct wire_out out = wire_out_of(frame, ROOM);

	switch (link_type) {
	case 1:
		wire_put_bytes(&out, "\x33\x33\x00\x01\x00\x02", 6);
		wire_put_bytes(&out, mac, 6);
		for (unsigned i = 0; i < tags; i++)
			wire_put_u32(&out, (i ? 0x88a80000 : 0x81000000) | 100);
		wire_put_u16(&out, 0x86dd);
		break;
	case 113:
		wire_put_bytes(&out, "\0\0\0\1\0\6", 6);
		wire_put_bytes(&out, mac, 6);
		wire_put_bytes(&out, "\0\0\x86\xdd", 4);
		break;
	case 276:
		wire_put_bytes(&out, "\x86\xdd\0\0\0\0\0\7\0\1\0\6", 12);
		wire_put_bytes(&out, mac, 6);
		wire_put_bytes(&out, "\0\0", 2);
		break;
	default:
		break;
	}
	put_ipv6(&out, next_header);
	assert_false(out.bad);
	return out.len;
}

/* --- the file ------------------------------------------------------------------------ */

static void make_pcap(
	struct making *m, bool is_nano, uint32_t link_type, const uint8_t *frame, size_t len)
{
	put_u32(m, is_nano ? 0xa1b23c4d : 0xa1b2c3d4);
	put_u16(m, 2);
	put_u16(m, 4);
	wire_put_bytes(&m->out, "\0\0\0\0\0\0\0\0", 8);
	put_u32(m, 65535);
	put_u32(m, link_type);
	put_u32(m, SECONDS);
	put_u32(m, is_nano ? 5000000 : 5000);
	put_u32(m, (uint32_t)len);
	put_u32(m, (uint32_t)len);
	wire_put_bytes(&m->out, frame, len);
}

static void put_block(struct making *m, uint32_t type, const struct making *body)
{
	uint32_t len = (uint32_t)body->out.len, padded = (len + 3) & ~3u;

	put_u32(m, type);
	put_u32(m, padded + 12);
	wire_put_bytes(&m->out, body->octets, len);
	wire_put_bytes(&m->out, "\0\0\0", padded - len);
	put_u32(m, padded + 12);
}

static void make_pcapng(struct making *m, uint32_t packet_block, uint32_t link_type,
	const uint8_t *frame, size_t len)
{
	struct making body;

	begin(&body, m->is_little);
	put_u32(&body, 0x1a2b3c4d);
	put_u32(&body, 1);
	wire_put_bytes(&body.out, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	put_block(m, 0x0a0d0d0a, &body);
	for (int i = 0; i < 2; i++) { /* the second interface is the packet's, or the first */
		begin(&body, m->is_little);
		put_u16(&body, packet_block == 6 && i == 0 ? 147 : (uint16_t)link_type);
		put_u16(&body, 0);
		put_u32(&body, 65535);
		put_block(m, 1, &body);
	}
	begin(&body, m->is_little);
	put_u32(&body, 0xabcd);
	put_block(m, 4711, &body); /* a kind that is not known */
	begin(&body, m->is_little);
	if (packet_block == 6) {
		put_u32(&body, 1);
		put_u32(&body, 0);
		put_u32(&body, 0);
		put_u32(&body, (uint32_t)len);
	}
	put_u32(&body, (uint32_t)len);
	wire_put_bytes(&body.out, frame, len);
	put_block(m, packet_block, &body);
}

/* --- reading ------------------------------------------------------------------------- */

static void expect_datagram(const struct making *m, bool has_mac, bool has_time)
{
	struct capture_datagram datagram;
	struct capture capture;

	assert_false(m->out.bad);
	assert_int_equal(capture_open(&capture, m->octets, m->out.len), 0);
	assert_true(capture_next(&capture, &datagram));
	assert_int_equal(datagram.packet, 1);
	assert_int_equal(datagram.at_ms, has_time ? SECONDS * 1000ull + 5 : 0);
	assert_int_equal(datagram.has_mac, has_mac);
	if (has_mac)
		assert_memory_equal(datagram.mac, mac, sizeof(mac));
	assert_int_equal(datagram.source.s6_addr[0], 0xfe);
	assert_int_equal(datagram.destination.s6_addr[0], 0xff);
	assert_int_equal(datagram.source_port, 546);
	assert_int_equal(datagram.destination_port, 547);
	assert_int_equal(datagram.len, sizeof(data));
	assert_memory_equal(datagram.data, data, sizeof(data));
	assert_false(capture_next(&capture, &datagram));
}

/* In a buffer of just that size, for the sanitizer to see the first octet past it. */
static void expect_end_when_cut(const struct making *m)
{
	for (size_t len = 0; len < m->out.len; len++) {
		uint8_t *cut = malloc(len + !len);
		struct capture_datagram datagram;
		struct capture capture;

		memcpy(cut, m->octets, len);
		if (capture_open(&capture, cut, len) == 0)
			while (capture_next(&capture, &datagram))
				assert_true(datagram.data + datagram.len <= cut + len);
		free(cut);
	}
}

static void test_formats(void **state)
{
	static const uint32_t link_types[] = {1, 101, 113, 229, 276};
	uint8_t frame[ROOM];
	struct making m;

	(void)state;
	for (unsigned i = 0; i < 4 * 5; i++) {
		uint32_t link_type = link_types[i / 4];
		bool has_mac = link_type != 101 && link_type != 229;
		size_t len = make_frame(frame, link_type, i % 3, 17);

		begin(&m, i % 2);
		make_pcap(&m, i / 2 % 2, link_type, frame, len);
		expect_datagram(&m, has_mac, true);
		expect_end_when_cut(&m);
		begin(&m, i % 2);
		make_pcapng(&m, i / 2 % 2 ? 6 : 3, link_type, frame, len);
		expect_datagram(&m, has_mac, false);
		expect_end_when_cut(&m);
	}
}

/* Counted, as Wireshark does, and passed over. */
static void test_other_packets(void **state)
{
	struct capture_datagram datagram;
	struct capture capture;
	uint8_t frame[ROOM];
	struct making m;
	size_t len;

	(void)state;
	begin(&m, true);
	len = make_frame(frame, 1, 0, 6);
	make_pcap(&m, false, 1, frame, len);
	put_u32(&m, SECONDS);
	put_u32(&m, 0);
	len = make_frame(frame, 1, 0, 17);
	put_u32(&m, (uint32_t)len);
	put_u32(&m, (uint32_t)len);
	wire_put_bytes(&m.out, frame, len);
	assert_int_equal(capture_open(&capture, m.octets, m.out.len), 0);
	assert_true(capture_next(&capture, &datagram));
	assert_int_equal(datagram.packet, 2);
}

static void test_no_capture(void **state)
{
	struct capture capture;
	uint8_t *octets;
	size_t len;

	(void)state;
	assert_int_equal(capture_open(&capture, "", 0), -EBADMSG);
	assert_int_equal(capture_open(&capture, "#!/bin/sh\nexit 0\n", 17), -EBADMSG);
	assert_int_equal(capture_read_file("/nonexistent", &octets, &len), -ENOENT);
	assert_null(octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_other_packets),
		cmocka_unit_test(test_no_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
