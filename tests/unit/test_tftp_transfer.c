/* SPDX-License-Identifier: ISC */
/*
 * One transfer on fake time: the test is the client, the file is a pattern,
 * and loss is a packet that the test does not look at.
 */
#include "bootd/tftp/tftp_transfer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct tftp_transfer transfer;
static uint64_t now_ms;
static uint8_t packet[65536];
static ssize_t read_answer; /* what reading gives, where it is not the pattern */

static uint8_t pattern(uint64_t offset)
{
	return (uint8_t)(offset ^ offset >> 8 ^ offset >> 16);
}

static ssize_t read_pattern(void *ctx, uint64_t offset, void *buf, size_t len)
{
	uint8_t *to = buf;

	(void)ctx;
	if (read_answer)
		return read_answer;
	for (size_t i = 0; i < len; i++)
		to[i] = pattern(offset + i);
	return (ssize_t)len;
}

static void start(uint64_t size, size_t n, const struct tftp_option *options)
{
	static const struct tftp_limits limits = {.block_size_max = 1428, .window_max = 8};
	struct tftp_request request = {.path = "f", .octet = true};

	memcpy(request.options.option, options, n * sizeof(*options));
	request.options.n = n;
	now_ms = 1000000;
	read_answer = 0;
	tftp_transfer_start(&transfer, &request, size, &limits, now_ms);
}

static void start_plain(uint64_t size)
{
	start(size, 0, (const struct tftp_option[]){{0}});
}

static size_t output(void)
{
	size_t segment;

	return tftp_transfer_output(
		&transfer, read_pattern, NULL, packet, sizeof(packet), 1, &segment);
}

static void expect_nothing(void)
{
	assert_int_equal(output(), 0);
}

/* The next packet is this block of the file, with what belongs in it. */
static void expect_data(uint64_t block, size_t len)
{
	uint64_t offset = (block - 1) * transfer.block_size;

	assert_int_equal(output(), 4 + len);
	assert_int_equal(packet[0] << 8 | packet[1], TFTP_DATA);
	assert_int_equal(packet[2] << 8 | packet[3], block & 0xffff);
	for (size_t i = 0; i < len; i++)
		if (packet[4 + i] != pattern(offset + i))
			fail_msg("block %llu: wrong octet %zu", (unsigned long long)block, i);
}

static void expect_oack(const char *bytes, size_t len)
{
	assert_int_equal(output(), len + 2);
	assert_memory_equal(packet, "\0\6", 2);
	assert_memory_equal(packet + 2, bytes, len);
}
#define EXPECT_OACK(text) expect_oack(text, sizeof(text) - 1)

static void send_ack(uint16_t block)
{
	uint8_t ack[] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};

	tftp_transfer_input(&transfer, ack, sizeof(ack), now_ms);
}

static void send_error(uint16_t code)
{
	uint8_t error[] = {0, TFTP_ERROR, 0, (uint8_t)code, 'e', 'h', 0};

	tftp_transfer_input(&transfer, error, sizeof(error), now_ms);
}

static void pass_ms(uint64_t ms)
{
	now_ms += ms;
	tftp_transfer_timeout(&transfer, now_ms);
}

static void test_plain(void **state)
{
	(void)state;
	start_plain(1100);
	expect_data(1, 512);
	expect_nothing();
	send_ack(1);
	expect_data(2, 512);
	send_ack(2);
	expect_data(3, 76);
	expect_nothing();
	assert_int_equal(transfer.state, TFTP_SENDING);
	assert_int_equal(tftp_transfer_bytes(&transfer), 1024);
	send_ack(3);
	assert_int_equal(transfer.state, TFTP_DONE);
	assert_int_equal(tftp_transfer_bytes(&transfer), 1100);
	assert_int_equal(transfer.retransmitted, 0);
	expect_nothing();
}

static void test_exact_multiple_and_empty(void **state)
{
	(void)state;
	start_plain(1024);
	expect_data(1, 512);
	send_ack(1);
	expect_data(2, 512);
	send_ack(2);
	assert_int_equal(transfer.state, TFTP_SENDING);
	expect_data(3, 0);
	send_ack(3);
	assert_int_equal(transfer.state, TFTP_DONE);

	start_plain(0);
	expect_data(1, 0);
	send_ack(1);
	assert_int_equal(transfer.state, TFTP_DONE);
	assert_int_equal(tftp_transfer_bytes(&transfer), 0);
}

static void test_options(void **state)
{
	(void)state;
	/* as EDK2 asks, in its order */
	start(5000, 3,
		(const struct tftp_option[]){
			{TFTP_TSIZE, 0}, {TFTP_BLKSIZE, 1228}, {TFTP_WINDOWSIZE, 4}});
	EXPECT_OACK("tsize\0005000\0blksize\0001228\0windowsize\0004\0");
	expect_nothing();
	send_ack(0);
	for (uint64_t block = 1; block <= 4; block++)
		expect_data(block, 1228);
	expect_nothing();
	send_ack(4);
	expect_data(5, 5000 - 4 * 1228);
	send_ack(5);
	assert_int_equal(transfer.state, TFTP_DONE);

	/* lowered to what we allow */
	start(5000, 2,
		(const struct tftp_option[]){{TFTP_WINDOWSIZE, 65535}, {TFTP_BLKSIZE, 65464}});
	EXPECT_OACK("windowsize\0008\0blksize\0001428\0");
	/* the smallest and largest that there are */
	start(5000, 3,
		(const struct tftp_option[]){
			{TFTP_BLKSIZE, 8}, {TFTP_TIMEOUT, 255}, {TFTP_WINDOWSIZE, 1}});
	EXPECT_OACK("blksize\0008\0timeout\000255\0windowsize\0001\0");
}

static void test_absurd_options_are_left_out(void **state)
{
	(void)state;
	start(5000, 4,
		(const struct tftp_option[]){{TFTP_BLKSIZE, 7}, {TFTP_TIMEOUT, 256},
			{TFTP_TSIZE, 77}, {TFTP_WINDOWSIZE, 65536}});
	EXPECT_OACK("tsize\0005000\0");
	assert_int_equal(transfer.block_size, 512);
	assert_int_equal(transfer.window, 1);
	/* nothing left: no OACK, but data at once */
	start(5000, 3,
		(const struct tftp_option[]){
			{TFTP_BLKSIZE, 65465}, {TFTP_TIMEOUT, 0}, {TFTP_WINDOWSIZE, 0}});
	expect_data(1, 512);
}

static void test_lost_data(void **state)
{
	(void)state;
	start_plain(1100);
	expect_data(1, 512);
	send_ack(1);
	expect_data(2, 512); /* lost */
	pass_ms(50);         /* block 1 was acknowledged at once */
	expect_nothing();
	pass_ms(1);
	expect_data(2, 512);
	expect_nothing();
	assert_int_equal(transfer.retransmitted, 1);
	send_ack(2);
	expect_data(3, 76);
	/* the wait is short again after progress */
	pass_ms(60);
	expect_data(3, 76);
	send_ack(3);
	assert_int_equal(transfer.state, TFTP_DONE);
}

static void test_a_lost_ack_causes_no_duplicate_blocks(void **state)
{
	(void)state;
	start_plain(1100);
	expect_data(1, 512);
	pass_ms(1000); /* its ACK was only late */
	expect_data(1, 512);
	send_ack(1);
	expect_data(2, 512);
	send_ack(1); /* for the second copy of block 1 */
	expect_nothing();
	send_ack(2);
	expect_data(3, 76);
	send_ack(2);
	send_ack(1);
	expect_nothing();
	assert_int_equal(transfer.retransmitted, 1);
}

static void test_lost_oack(void **state)
{
	(void)state;
	start(10, 1, (const struct tftp_option[]){{TFTP_TSIZE, 0}});
	EXPECT_OACK("tsize\00010\0");
	pass_ms(1000);
	EXPECT_OACK("tsize\00010\0");
	expect_nothing();
	send_ack(1); /* of what? */
	expect_nothing();
	/* the client asks again, not having heard of us */
	tftp_transfer_repeat(&transfer);
	EXPECT_OACK("tsize\00010\0");
	send_ack(0);
	expect_data(1, 10);
	send_ack(1);
	assert_int_equal(transfer.state, TFTP_DONE);
}

static void start_window_of_4(uint64_t size)
{
	start(size, 1, (const struct tftp_option[]){{TFTP_WINDOWSIZE, 4}});
	EXPECT_OACK("windowsize\0004\0");
	send_ack(0);
}

static void test_window_partly_acknowledged(void **state)
{
	(void)state;
	start_window_of_4(512 * 10);
	for (uint64_t block = 1; block <= 4; block++)
		expect_data(block, 512);
	send_ack(2); /* 3 was lost */
	for (uint64_t block = 3; block <= 6; block++)
		expect_data(block, 512);
	expect_nothing();
	send_ack(6);
	for (uint64_t block = 7; block <= 10; block++)
		expect_data(block, 512);
	send_ack(10);
	expect_data(11, 0);
	send_ack(11);
	assert_int_equal(transfer.state, TFTP_DONE);
	assert_int_equal(transfer.retransmitted, 2);
}

static void test_window_whose_first_block_is_lost(void **state)
{
	(void)state;
	start_window_of_4(512 * 10);
	for (uint64_t block = 1; block <= 4; block++)
		expect_data(block, 512);
	send_ack(4);
	for (uint64_t block = 5; block <= 8; block++)
		expect_data(block, 512);
	send_ack(4); /* 5 was lost, 6 came */
	for (uint64_t block = 5; block <= 8; block++)
		expect_data(block, 512);
	send_ack(4); /* 7 came, 8 came: nothing new */
	send_ack(4);
	expect_nothing();
	/* an acknowledgement of what was sent before the way back still counts */
	send_ack(8);
	expect_data(9, 512);
}

static void test_window_times_out(void **state)
{
	(void)state;
	start_window_of_4(512 * 10);
	for (uint64_t block = 1; block <= 4; block++)
		expect_data(block, 512);
	pass_ms(1000);
	for (uint64_t block = 1; block <= 4; block++)
		expect_data(block, 512);
	expect_nothing();
	send_ack(5); /* never sent */
	send_ack(0xffff);
	expect_nothing();
	assert_int_equal(transfer.acked, 0);
	send_ack(3);
	assert_int_equal(transfer.acked, 3);
}

static void test_block_numbers_roll_over(void **state)
{
	const uint64_t blocks = 3 * 65536 + 17;
	uint64_t block;

	(void)state;
	start((blocks - 1) * 8 + 3, 1, (const struct tftp_option[]){{TFTP_BLKSIZE, 8}});
	EXPECT_OACK("blksize\0008\0");
	send_ack(0);
	for (block = 1; block < blocks; block++) {
		expect_data(block, 8);
		send_ack((uint16_t)(block - 1)); /* an old one, also around 0 */
		expect_nothing();
		send_ack((uint16_t)block);
	}
	expect_data(blocks, 3);
	send_ack((uint16_t)blocks);
	assert_int_equal(transfer.state, TFTP_DONE);
	assert_int_equal(transfer.retransmitted, 0);
}

static void test_window_across_the_rollover(void **state)
{
	(void)state;
	start_window_of_4(512 * 65540);
	while (transfer.acked < 65532) {
		uint64_t until = transfer.acked + 4;

		while (output())
			;
		send_ack((uint16_t)until);
	}
	for (uint64_t block = 65533; block <= 65536; block++)
		expect_data(block, 512);
	send_ack(65535); /* block 65536, number 0, was lost */
	for (uint64_t block = 65536; block <= 65539; block++)
		expect_data(block, 512);
	send_ack(0);
	assert_int_equal(transfer.acked, 65536);
}

/* How long the client may be silent, and how often it is spoken to. */
static void expect_giving_up(uint64_t after_ms, unsigned sent, const char *words)
{
	uint64_t begin_ms = now_ms;
	unsigned n = 0;

	while (!tftp_transfer_is_over(&transfer)) {
		while (output())
			n++;
		pass_ms(transfer.deadline_ms - now_ms);
	}
	assert_int_equal(transfer.state, TFTP_FAILED);
	assert_int_equal(now_ms - begin_ms, after_ms);
	assert_int_equal(n, sent);
	assert_non_null(strstr(transfer.error, words));
	expect_nothing();
}

static void test_a_client_that_does_not_answer_ends_the_transfer(void **state)
{
	(void)state;
	/* nobody has ever answered: the request may be forged */
	start_plain(2000);
	expect_giving_up(10000, 4, "0 of 4 blocks");
	start_plain(100);
	expect_giving_up(10000, 4, "did not acknowledge the last of 1 blocks");
	start(100, 1, (const struct tftp_option[]){{TFTP_TSIZE, 0}});
	expect_giving_up(10000, 4, "did not answer the option acknowledgement");
	start(100, 1, (const struct tftp_option[]){{TFTP_TIMEOUT, 3}});
	expect_giving_up(10000, 4, "did not answer");
	start(100, 1, (const struct tftp_option[]){{TFTP_TIMEOUT, 255}});
	expect_giving_up(10000, 1, "did not answer");
	/* the client says how often; it has answered */
	start(2000, 1, (const struct tftp_option[]){{TFTP_TIMEOUT, 3}});
	EXPECT_OACK("timeout\0003\0");
	send_ack(0);
	expect_data(1, 512);
	send_ack(1);
	expect_giving_up(30000, 10, "1 of 4 blocks");
	start(2000, 1, (const struct tftp_option[]){{TFTP_TIMEOUT, 255}});
	EXPECT_OACK("timeout\000255\0");
	send_ack(0);
	expect_data(1, 512);
	send_ack(1);
	expect_giving_up(510000, 2, "1 of 4 blocks");
}

/* ACK 0 comes back, blocks of the size that was agreed on do not arrive. */
static void test_mtu_black_hole_is_named(void **state)
{
	(void)state;
	start(5000, 1, (const struct tftp_option[]){{TFTP_BLKSIZE, 1428}});
	EXPECT_OACK("blksize\0001428\0");
	send_ack(0);
	while (!tftp_transfer_is_over(&transfer)) {
		output();
		pass_ms(transfer.deadline_ms - now_ms);
	}
	assert_non_null(strstr(transfer.error, "ACK 0 came, but block 1 of 1428 octets"));
	assert_non_null(strstr(transfer.error, "packets of 1480 octets"));
}

/* The client was reset and asks again from another port. */
static void test_a_new_request_replaces_the_transfer(void **state)
{
	(void)state;
	start_plain(2000);
	expect_data(1, 512);
	send_ack(1);
	expect_data(2, 512);
	transfer.superseded_ms = now_ms;
	send_ack(2); /* it was sent before the reset */
	expect_data(3, 512);
	pass_ms(999); /* a busy client gets a second */
	assert_int_equal(transfer.state, TFTP_SENDING);
	expect_data(3, 512);
	pass_ms(1000);
	assert_int_equal(transfer.state, TFTP_FAILED);
	assert_non_null(strstr(transfer.error, "asked for the file again"));
	/* one that is acknowledged goes on: it is another program's */
	start_plain(2000);
	expect_data(1, 512);
	transfer.superseded_ms = now_ms;
	now_ms += 100;
	send_ack(1);
	expect_data(2, 512);
	pass_ms(2000);
	assert_int_equal(transfer.state, TFTP_SENDING);
}

/* RFC 6298: the timer follows the path, and repeated blocks are not measured. */
static void test_timer_follows_the_round_trip(void **state)
{
	(void)state;
	start_plain(100 * 512);
	for (unsigned block = 1; block <= 20; block++) {
		expect_data(block, 512);
		now_ms += 200;
		send_ack((uint16_t)block);
	}
	expect_data(21, 512);
	assert_in_range(transfer.deadline_ms - now_ms, 201, 300);
	pass_ms(transfer.deadline_ms - now_ms); /* lost */
	expect_data(21, 512);
	assert_true(transfer.deadline_ms - now_ms > 400);
	send_ack(21); /* whose? */
	expect_data(22, 512);
	assert_in_range(transfer.deadline_ms - now_ms, 201, 300);
}

/* A window is one run of packets, read at once; the last may be short. */
static void test_window_at_once(void **state)
{
	static uint8_t run[16 * 1432];
	size_t segment, len;

	(void)state;
	start(5 * 1428 + 7, 2,
		(const struct tftp_option[]){{TFTP_BLKSIZE, 1428}, {TFTP_WINDOWSIZE, 8}});
	output();
	send_ack(0);
	len = tftp_transfer_output(&transfer, read_pattern, NULL, run, sizeof(run), 64, &segment);
	assert_int_equal(segment, 1432);
	assert_int_equal(len, 5 * 1432 + 4 + 7);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(run[i * 1432 + 3], i + 1);
		for (size_t k = 0; k < (i < 5 ? 1428 : 7); k++)
			if (run[i * 1432 + 4 + k] != pattern(i * 1428 + k))
				fail_msg("block %u: wrong octet %zu", i + 1, k);
	}
	expect_nothing();
	send_ack(3); /* the rest again, in as many runs as fit */
	len = tftp_transfer_output(&transfer, read_pattern, NULL, run, 2 * 1432, 64, &segment);
	assert_int_equal(len, 2 * 1432);
	assert_int_equal(run[3], 4);
	expect_data(6, 7);
	send_ack(6);
	assert_int_equal(transfer.state, TFTP_DONE);
	assert_int_equal(transfer.retransmitted, 3);
}

static void test_size_probe(void **state)
{
	(void)state;
	start(100, 2, (const struct tftp_option[]){{TFTP_TSIZE, 0}, {TFTP_BLKSIZE, 1228}});
	EXPECT_OACK("tsize\000100\0blksize\0001228\0");
	send_error(8);
	assert_int_equal(transfer.state, TFTP_PROBED);
	expect_nothing();

	/* the size was not asked for, or data flows already: a failure */
	start(100, 1, (const struct tftp_option[]){{TFTP_BLKSIZE, 1228}});
	send_error(8);
	assert_int_equal(transfer.state, TFTP_FAILED);
	assert_string_equal(transfer.error, "the client stopped it: \"eh\" (TFTP error 8)");
	start(100, 1, (const struct tftp_option[]){{TFTP_TSIZE, 0}});
	send_ack(0);
	expect_data(1, 100);
	send_error(0);
	assert_int_equal(transfer.state, TFTP_FAILED);
}

static void test_client_gone(void **state)
{
	(void)state;
	start(100, 1, (const struct tftp_option[]){{TFTP_TSIZE, 0}});
	EXPECT_OACK("tsize\000100\0");
	tftp_transfer_abandon(&transfer, "gone");
	assert_int_equal(transfer.state, TFTP_PROBED);

	start_plain(1000);
	expect_data(1, 512);
	send_ack(1);
	tftp_transfer_abandon(&transfer, "gone");
	assert_int_equal(transfer.state, TFTP_FAILED);
	assert_string_equal(transfer.error, "gone (1 of 2 blocks acknowledged)");

	start_plain(0);
	expect_data(1, 0);
	send_ack(1);
	tftp_transfer_abandon(&transfer, "gone");
	assert_int_equal(transfer.state, TFTP_DONE);
}

static void test_unreadable_file(void **state)
{
	(void)state;
	start_plain(1000);
	read_answer = -EIO;
	assert_int_equal(output(), 4 + sizeof("the file cannot be read"));
	assert_memory_equal(packet, "\0\5\0\0the file", 12);
	assert_int_equal(transfer.state, TFTP_FAILED);
	expect_nothing();

	start_plain(1000);
	read_answer = 511;
	assert_true(output() > 4);
	assert_non_null(strstr(transfer.error, "shorter"));
}

static void test_nonsense_is_ignored(void **state)
{
	static const uint8_t rows[][8] = {{0}, {0, TFTP_DATA, 0, 1}, {0, TFTP_OACK},
		{0, TFTP_RRQ, 'a', 0, 'o', 0}, {0xff, 0xff}};

	(void)state;
	start_plain(1000);
	expect_data(1, 512);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t len = 0; len <= sizeof(rows[0]); len++)
			tftp_transfer_input(&transfer, rows[i], len, now_ms);
	expect_nothing();
	assert_int_equal(transfer.state, TFTP_SENDING);
	send_ack(1);
	expect_data(2, 488);
	/* and what comes when all is over */
	send_ack(2);
	send_error(1);
	send_ack(2);
	pass_ms(100000);
	assert_int_equal(transfer.state, TFTP_DONE);
}

/* --- a slow disk ------------------------------------------------------------------ */

static void test_blocks_that_the_disk_delivers_later_are_waited_for(void **state)
{
	(void)state;
	start_plain(1024);
	expect_data(1, 512);
	send_ack(1);
	read_answer = -EAGAIN;
	expect_nothing();
	/* The client has nothing to acknowledge: its silence is no fault, however long. */
	for (int i = 0; i < 100; i++) {
		now_ms = transfer.deadline_ms;
		tftp_transfer_timeout(&transfer, now_ms);
		expect_nothing();
	}
	assert_int_equal(transfer.state, TFTP_SENDING);
	read_answer = 0;
	expect_nothing(); /* not before it is told */
	tftp_transfer_resume(&transfer, now_ms);
	expect_data(2, 512);
	assert_int_equal(transfer.retransmitted, 0);
	now_ms += 2;
	send_ack(2);
	assert_true(transfer.srtt_ms <= 2); /* the disk's time is no round trip */
	expect_data(3, 0);
	send_ack(3);
	assert_int_equal(transfer.state, TFTP_DONE);
}

static void test_a_first_block_that_the_disk_does_not_give_ends_the_transfer(void **state)
{
	(void)state;
	start_plain(1024);
	read_answer = -EAGAIN;
	expect_nothing();
	while (transfer.state == TFTP_SENDING && now_ms < 1000000 + 10 * TFTP_FIRST_ACK_MS) {
		now_ms = transfer.deadline_ms;
		tftp_transfer_timeout(&transfer, now_ms);
	}
	assert_int_equal(transfer.state, TFTP_FAILED);
	assert_string_equal(
		transfer.error, "the first block could not be read from the disk in time");
	assert_true(now_ms <= 1000000 + TFTP_FIRST_ACK_MS);
	tftp_transfer_resume(&transfer, now_ms); /* too late, and no harm */
	assert_int_equal(transfer.state, TFTP_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_exact_multiple_and_empty),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_absurd_options_are_left_out),
		cmocka_unit_test(test_lost_data),
		cmocka_unit_test(test_a_lost_ack_causes_no_duplicate_blocks),
		cmocka_unit_test(test_lost_oack),
		cmocka_unit_test(test_window_partly_acknowledged),
		cmocka_unit_test(test_window_whose_first_block_is_lost),
		cmocka_unit_test(test_window_times_out),
		cmocka_unit_test(test_block_numbers_roll_over),
		cmocka_unit_test(test_window_across_the_rollover),
		cmocka_unit_test(test_a_client_that_does_not_answer_ends_the_transfer),
		cmocka_unit_test(test_mtu_black_hole_is_named),
		cmocka_unit_test(test_a_new_request_replaces_the_transfer),
		cmocka_unit_test(test_timer_follows_the_round_trip),
		cmocka_unit_test(test_window_at_once),
		cmocka_unit_test(test_size_probe),
		cmocka_unit_test(test_client_gone),
		cmocka_unit_test(test_unreadable_file),
		cmocka_unit_test(test_nonsense_is_ignored),
		cmocka_unit_test(test_blocks_that_the_disk_delivers_later_are_waited_for),
		cmocka_unit_test(test_a_first_block_that_the_disk_does_not_give_ends_the_transfer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
