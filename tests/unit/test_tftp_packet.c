/* SPDX-License-Identifier: ISC */
/*
 * TFTP packets as rows of bytes, named by what is special or wrong.
 */
#include "bootd/tftp/tftp_packet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A string literal with the NULs inside it, without the one at its end. */
#define BYTES(text) text, sizeof(text) - 1

/* From a block of exactly that size, so that a sanitizer sees a read past it. */
static int decode(const char *bytes, size_t len, struct tftp_packet *out)
{
	void *copy = malloc(len ? len : 1);
	int error;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	error = tftp_decode(copy, len, out);
	free(copy);
	return error;
}

static void test_requests(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *path;
		bool octet;
		size_t options;
	} row[] = {
		{BYTES("\0\1a\0octet\0"), "a", true, 0},
		{BYTES("\0\1/a/b c\0OcTeT\0"), "/a/b c", true, 0},
		{BYTES("\0\1a\0netascii\0"), "a", false, 0},
		{BYTES("\0\1a\0mail\0"), "a", false, 0},
		{BYTES("\0\1a\0\0"), "a", false, 0},
		{BYTES("\0\2a\0octet\0"), "a", true, 0},
		{BYTES("\0\1a\0octet\0tsize\0000\0blksize\0001228\0windowsize\0004\0"), "a", true,
			3},
		{BYTES("\0\1a\0octet\0BLKSIZE\0001428\0TimeOut\0005\0"), "a", true, 2},
		{BYTES("\0\1a\0octet\0multicast\0\0blksize\0008\0"), "a", true, 1},
		/* padded by a careless ROM */
		{BYTES("\0\1a\0octet\0\0\0\0"), "a", true, 0},
		{BYTES("\0\1a\0octet\0tsize\0000\0\0\0\0rest"), "a", true, 1},
		/* values that are none: as if the option were not there */
		{BYTES("\0\1a\0octet\0blksize\0\0"), "a", true, 0},
		{BYTES("\0\1a\0octet\0blksize\000-1\0tsize\0000x\0timeout\000+1\0"), "a", true, 0},
		{BYTES("\0\1a\0octet\0blksize\0001234567890123456789\0"), "a", true, 0},
		{BYTES("\0\1a\0octet\0blksize\000 512\0"), "a", true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct tftp_packet packet;

		assert_int_equal(decode(row[i].bytes, row[i].len, &packet), 0);
		assert_int_equal(packet.opcode, row[i].bytes[1]);
		assert_string_equal(packet.request.path, row[i].path);
		assert_int_equal(packet.request.octet, row[i].octet);
		assert_int_equal(packet.request.options.n, row[i].options);
	}
}

static void test_broken(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
		int want;
	} row[] = {
		{"nothing", BYTES(""), -EBADMSG},
		{"half an opcode", BYTES("\0"), -EBADMSG},
		{"no name", BYTES("\0\1"), -EBADMSG},
		{"empty name", BYTES("\0\1\0octet\0"), -EBADMSG},
		{"name without NUL", BYTES("\0\1a"), -EBADMSG},
		{"no mode", BYTES("\0\1a\0"), -EBADMSG},
		{"mode without NUL", BYTES("\0\1a\0octet"), -EBADMSG},
		{"option without NUL", BYTES("\0\1a\0octet\0tsize"), -EBADMSG},
		{"option without value", BYTES("\0\1a\0octet\0tsize\0"), -EBADMSG},
		{"value without NUL", BYTES("\0\1a\0octet\0tsize\0000"), -EBADMSG},
		{"newline in the name", BYTES("\0\1a\nb\0octet\0"), -EBADMSG},
		{"delete in the name", BYTES("\0\1\x7f\0octet\0"), -EBADMSG},
		{"half an ACK", BYTES("\0\4\0"), -EBADMSG},
		{"ACK without block", BYTES("\0\4"), -EBADMSG},
		{"ERROR without code", BYTES("\0\5"), -EBADMSG},
		{"ERROR with half a code", BYTES("\0\5\0"), -EBADMSG},
		{"opcode 0", BYTES("\0\0a\0octet\0"), -EPROTO},
		{"DATA", BYTES("\0\3\0\1x"), -EPROTO},
		{"OACK", BYTES("\0\6tsize\0001\0"), -EPROTO},
		{"opcode 7", BYTES("\0\7"), -EPROTO},
		{"opcode 256 + 1", BYTES("\1\1a\0octet\0"), -EPROTO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct tftp_packet packet;
		int got = decode(row[i].bytes, row[i].len, &packet);

		if (got != row[i].want)
			print_error("%s: %d, not %d\n", row[i].what, got, row[i].want);
		assert_int_equal(got, row[i].want);
	}
}

static void test_every_truncation(void **state)
{
	static const char whole[] = "\0\1a\0octet\0blksize\0001228\0";
	struct tftp_packet packet;

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		/* cut behind the mode it is a request without options */
		int want = len == 10 ? 0 : -EBADMSG;

		assert_int_equal(decode(whole, len, &packet), want);
	}
}

static void test_options_in_order_first_counts(void **state)
{
	static const char bytes[] = "\0\1a\0octet\0windowsize\0004\0tsize\0000\0WINDOWSIZE\0009\0"
				    "blksize\000x\0blksize\0001228\0timeout\000255\0";
	static const struct tftp_option want[] = {
		{TFTP_WINDOWSIZE, 4}, {TFTP_TSIZE, 0}, {TFTP_BLKSIZE, 1228}, {TFTP_TIMEOUT, 255}};
	struct tftp_packet packet;

	(void)state;
	assert_int_equal(decode(bytes, sizeof(bytes) - 1, &packet), 0);
	assert_int_equal(packet.request.options.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(packet.request.options.option[i].kind, want[i].kind);
		assert_int_equal(packet.request.options.option[i].value, want[i].value);
	}
}

static void test_longest_name(void **state)
{
	char bytes[2 + FILE_PATH_SIZE + 1 + 6];
	struct tftp_packet packet;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "\0\1", 2);
	memcpy(bytes + 2 + FILE_PATH_SIZE - 1, "\0octet", 7);
	assert_int_equal(decode(bytes, 2 + FILE_PATH_SIZE + 6, &packet), 0);
	assert_int_equal(strlen(packet.request.path), FILE_PATH_SIZE - 1);
	bytes[2 + FILE_PATH_SIZE - 1] = 'x';
	memcpy(bytes + 2 + FILE_PATH_SIZE, "\0octet", 7);
	assert_int_equal(decode(bytes, sizeof(bytes), &packet), -EBADMSG);
}

static void test_ack_and_error(void **state)
{
	char lengthy[4 + 300];
	struct tftp_packet packet;

	(void)state;
	assert_int_equal(decode(BYTES("\0\4\xff\xfe"), &packet), 0);
	assert_int_equal(packet.block, 0xfffe);
	assert_int_equal(decode(BYTES("\0\4\0\1 and more"), &packet), 0);

	assert_int_equal(decode(BYTES("\0\5\0\x8User aborted the transfer\0"), &packet), 0);
	assert_int_equal(packet.error.code, 8);
	assert_string_equal(packet.error.text, "User aborted the transfer");
	assert_int_equal(decode(BYTES("\0\5\0\0"), &packet), 0);
	assert_string_equal(packet.error.text, "");
	assert_int_equal(decode(BYTES("\0\5\0\1no NUL\n\x80"), &packet), 0);
	assert_string_equal(packet.error.text, "no NUL??");

	memset(lengthy, 'e', sizeof(lengthy));
	memcpy(lengthy, "\0\5\0\1", 4);
	assert_int_equal(decode(lengthy, sizeof(lengthy), &packet), 0);
	assert_int_equal(strlen(packet.error.text), TFTP_TEXT_SIZE - 1);
}

static void test_encode(void **state)
{
	static const struct tftp_option_list options = {
		.option = {{TFTP_TSIZE, 4294967296}, {TFTP_BLKSIZE, 1228}}, .n = 2};
	static const char oack[] = "\0\6tsize\0004294967296\0blksize\0001228\0";
	static const char error[] = "\0\5\0\1none\0";
	uint8_t buf[64];

	(void)state;
	assert_int_equal(tftp_encode_oack(buf, sizeof(buf), &options), sizeof(oack) - 1);
	assert_memory_equal(buf, oack, sizeof(oack) - 1);
	assert_int_equal(tftp_encode_oack(buf, sizeof(oack) - 1, &options), sizeof(oack) - 1);
	assert_int_equal(tftp_encode_oack(buf, sizeof(oack) - 2, &options), 0);

	assert_int_equal(tftp_encode_error(buf, sizeof(buf), TFTP_ERROR_NOT_FOUND, "none"),
		sizeof(error) - 1);
	assert_memory_equal(buf, error, sizeof(error) - 1);
	assert_int_equal(
		tftp_encode_error(buf, sizeof(error) - 2, TFTP_ERROR_NOT_FOUND, "none"), 0);

	tftp_encode_data_header(buf, 0x1234);
	assert_memory_equal(buf, "\0\3\x12\x34", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_options_in_order_first_counts),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_ack_and_error),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
