/* SPDX-License-Identifier: ISC */
/*
 * The state machine of a transfer. There is one way to repair any loss: `sent` is set back to
 * `acked`, and the output starts there again.
 */
#include "bootd/tftp/tftp_transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	INTERVAL_MS = 1000,
	INTERVAL_MOST_MS = 8000,
	INTERVAL_LEAST_MS = 50, /* beyond the round trip: a client may be busy for so long */
	LATE_ACK_MS = 100,      /* an ACK from before a reset may come after the next request */
	SUPERSEDED_MS = 1000,   /* a program that is alive acknowledges something within this */
	SILENCE_MS = 30000,     /* with two retransmissions unanswered: the client is gone */
};

static void apply_term(struct tftp_transfer *transfer, enum tftp_option_kind kind, uint64_t value)
{
	transfer->terms.option[transfer->terms.n++] = (struct tftp_option){kind, value};
	switch (kind) {
	case TFTP_BLKSIZE:
		transfer->block_size = (uint32_t)value;
		break;
	case TFTP_TIMEOUT:
		transfer->interval_ms = value * 1000;
		transfer->is_adaptive = false;
		break;
	case TFTP_WINDOWSIZE:
		transfer->window = (uint32_t)value;
		break;
	default:
		break;
	}
}

static uint64_t interval_now(const struct tftp_transfer *transfer)
{
	uint64_t ms = transfer->interval_ms;

	if (!transfer->is_adaptive)
		return ms;
	if (transfer->srtt_ms > 0)
		ms = transfer->srtt_ms + (4 * transfer->rttvar_ms > INTERVAL_LEAST_MS
							 ? 4 * transfer->rttvar_ms
							 : INTERVAL_LEAST_MS);
	for (unsigned i = 0; i < transfer->tries && ms < INTERVAL_MOST_MS; i++)
		ms *= 2;
	return ms < INTERVAL_MOST_MS ? ms : INTERVAL_MOST_MS;
}

/* Until the first ACK a transfer lives for a fixed time, whatever its interval. */
static void set_deadline(struct tftp_transfer *transfer, uint64_t now_ms)
{
	uint64_t first_ms = transfer->started_ms + TFTP_FIRST_ACK_MS;

	transfer->deadline_ms = now_ms + interval_now(transfer);
	if (!transfer->is_heard && transfer->deadline_ms > first_ms)
		transfer->deadline_ms = first_ms;
}

/* RFC 6298 section 2, in whole milliseconds: a round trip of less counts as one. */
static void take_round_trip(struct tftp_transfer *transfer, uint64_t ms)
{
	uint64_t difference;

	ms = ms ? ms : 1;
	if (transfer->srtt_ms == 0) {
		transfer->srtt_ms = ms;
		transfer->rttvar_ms = (ms + 1) / 2;
		return;
	}
	difference = ms > transfer->srtt_ms ? ms - transfer->srtt_ms : transfer->srtt_ms - ms;
	transfer->rttvar_ms = (3 * transfer->rttvar_ms + difference) / 4;
	transfer->srtt_ms = (7 * transfer->srtt_ms + ms + 7) / 8;
}

void tftp_transfer_start(struct tftp_transfer *transfer, const struct tftp_request *request,
	uint64_t size, const struct tftp_limits *limits, uint64_t now_ms)
{
	uint64_t value;

	*transfer = (struct tftp_transfer){
		.size = size,
		.block_size = TFTP_BLOCK_SIZE,
		.window = 1,
		.interval_ms = INTERVAL_MS,
		.is_adaptive = true,
		.started_ms = now_ms,
		.now_ms = now_ms,
		.heard_ms = now_ms,
	};
	for (size_t i = 0; i < request->options.n; i++)
		if (tftp_option_agree(&request->options.option[i], size, limits, &value))
			apply_term(transfer, request->options.option[i].kind, value);
	transfer->blocks = size / transfer->block_size + 1;
	transfer->offer_due = transfer->terms.n > 0;
	transfer->state = transfer->offer_due ? TFTP_OFFERED : TFTP_SENDING;
	set_deadline(transfer, now_ms);
}

static void progress(struct tftp_transfer *transfer, uint64_t now_ms)
{
	transfer->tries = 0;
	transfer->rewound = false;
	if (now_ms - transfer->superseded_ms >= LATE_ACK_MS)
		transfer->superseded_ms = 0;
	transfer->is_heard = true;
	transfer->heard_ms = now_ms;
	set_deadline(transfer, now_ms);
}

/* Send again from the first block that is not acknowledged. */
static void rewind_output(struct tftp_transfer *transfer)
{
	transfer->sent = transfer->acked;
	transfer->timed_block = 0; /* Karn: the ACK of a repeated block does not show its time */
}

static void take_ack(struct tftp_transfer *transfer, uint16_t block, uint64_t now_ms)
{
	uint16_t ahead = (uint16_t)(block - (uint16_t)transfer->acked);

	if (transfer->state == TFTP_OFFERED) {
		if (block != 0)
			return;
		transfer->state = TFTP_SENDING;
		if (transfer->tries == 0)
			take_round_trip(transfer, now_ms - transfer->started_ms);
		progress(transfer, now_ms);
		return;
	}
	if (ahead > transfer->furthest - transfer->acked)
		return; /* an old one, or of what was never sent */
	if (ahead == 0) {
		if (transfer->window > 1 && !transfer->rewound)
			rewind_output(transfer);
		transfer->rewound = true;
		return;
	}
	transfer->acked += ahead;
	if (transfer->timed_block > 0 && transfer->acked >= transfer->timed_block) {
		take_round_trip(transfer, now_ms - transfer->timed_ms);
		transfer->timed_block = 0;
	}
	if (transfer->acked < transfer->sent)
		rewind_output(transfer); /* an ACK from the middle: what follows is lost */
	transfer->sent = transfer->acked;
	progress(transfer, now_ms);
	if (transfer->acked == transfer->blocks)
		transfer->state = TFTP_DONE;
}

__attribute__((format(printf, 2, 3))) static void fail(
	struct tftp_transfer *transfer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(transfer->error, sizeof(transfer->error), fmt, ap);
	va_end(ap);
	transfer->state = TFTP_FAILED;
}

static bool asked_for_size(const struct tftp_transfer *transfer)
{
	for (size_t i = 0; i < transfer->terms.n; i++)
		if (transfer->terms.option[i].kind == TFTP_TSIZE)
			return true;
	return false;
}

/* Firmware asks for the size first and stops at once: with code 8 (EDK2) or 0 (PXE ROMs). */
static bool is_probe(const struct tftp_transfer *transfer)
{
	return transfer->state == TFTP_OFFERED && asked_for_size(transfer);
}

static void take_error(struct tftp_transfer *transfer, const struct tftp_packet *packet)
{
	if (is_probe(transfer))
		transfer->state = TFTP_PROBED;
	else
		fail(transfer, "the client stopped it: \"%s\" (TFTP error %u)", packet->error.text,
			packet->error.code);
}

void tftp_transfer_abandon(struct tftp_transfer *transfer, const char *why)
{
	if (is_probe(transfer))
		transfer->state = TFTP_PROBED;
	else if (!tftp_transfer_is_over(transfer))
		fail(transfer, "%s (%" PRIu64 " of %" PRIu64 " blocks acknowledged)", why,
			transfer->acked, transfer->blocks);
}

void tftp_transfer_input(
	struct tftp_transfer *transfer, const void *buf, size_t len, uint64_t now_ms)
{
	struct tftp_packet packet;

	transfer->now_ms = now_ms;
	if (tftp_transfer_is_over(transfer) || tftp_decode(buf, len, &packet) != 0)
		return;
	if (packet.opcode == TFTP_ACK)
		take_ack(transfer, packet.block, now_ms);
	else if (packet.opcode == TFTP_ERROR)
		take_error(transfer, &packet);
}

static void give_up(struct tftp_transfer *transfer)
{
	if (transfer->awaits_file)
		fail(transfer, "the first block could not be read from the disk in time");
	else if (transfer->state == TFTP_OFFERED)
		fail(transfer, "the client did not answer the option "
			       "acknowledgement: does it reach the client?");
	else if (transfer->acked == 0 && transfer->is_heard)
		fail(transfer,
			"ACK 0 came, but block 1 of %" PRIu32
			" octets was never acknowledged: does the path drop packets of %" PRIu32
			" octets? (MTU)",
			transfer->block_size, transfer->block_size + TFTP_PACKET_OVERHEAD);
	else if (transfer->furthest == transfer->blocks)
		fail(transfer, "the client did not acknowledge the last of %" PRIu64 " blocks",
			transfer->blocks);
	else
		fail(transfer,
			"the client fell silent: %" PRIu64 " of %" PRIu64 " blocks of %" PRIu32
			" octets acknowledged",
			transfer->acked, transfer->blocks, transfer->block_size);
}

void tftp_transfer_timeout(struct tftp_transfer *transfer, uint64_t now_ms)
{
	transfer->now_ms = now_ms;
	if (tftp_transfer_is_over(transfer) || now_ms < transfer->deadline_ms)
		return;
	if (transfer->superseded_ms > 0 && now_ms - transfer->superseded_ms >= SUPERSEDED_MS) {
		tftp_transfer_abandon(transfer, "the client asked for the file again");
		return;
	}
	if (transfer->awaits_file &&
		transfer->is_heard) { /* the client has nothing to acknowledge */
		transfer->heard_ms = now_ms;
		set_deadline(transfer, now_ms);
		return;
	}
	transfer->tries++;
	if (transfer->is_heard ? transfer->tries >= 2 && now_ms - transfer->heard_ms >= SILENCE_MS
			       : now_ms - transfer->started_ms >= TFTP_FIRST_ACK_MS) {
		give_up(transfer);
		return;
	}
	tftp_transfer_repeat(transfer);
	transfer->rewound = false;
	set_deadline(transfer, now_ms);
}

void tftp_transfer_resume(struct tftp_transfer *transfer, uint64_t now_ms)
{
	transfer->awaits_file = false;
	transfer->now_ms = now_ms;
	if (tftp_transfer_is_over(transfer))
		return;
	transfer->heard_ms = now_ms;
	set_deadline(transfer, now_ms);
}

void tftp_transfer_repeat(struct tftp_transfer *transfer)
{
	if (transfer->state == TFTP_OFFERED) {
		transfer->retransmitted += !transfer->offer_due;
		transfer->offer_due = true;
	} else {
		rewind_output(transfer);
	}
}

static size_t fail_reading(struct tftp_transfer *transfer, ssize_t got, void *buf, size_t size)
{
	fail(transfer, "%s",
		got < 0 ? strerror((int)-got) : "the file became shorter while it was sent");
	return tftp_encode_error(buf, size, TFTP_ERROR_OTHER, "the file cannot be read");
}

static void count_sent(struct tftp_transfer *transfer, unsigned packets)
{
	uint64_t before = transfer->furthest;

	transfer->sent += packets;
	if (transfer->sent > before) {
		transfer->furthest = transfer->sent;
		transfer->timed_block = transfer->sent;
		transfer->timed_ms = transfer->now_ms;
	}
	transfer->retransmitted += packets - (transfer->furthest - before);
}

/*
 * The data is read at once to the end of where the packets will be, and the blocks are moved to
 * their places: block i moves to the front by what the headers behind it need, so no block is
 * overwritten before it is moved.
 */
static size_t output_blocks(struct tftp_transfer *transfer, tftp_read_fn *read, void *ctx,
	uint8_t *buf, size_t size, unsigned packets)
{
	uint64_t offset = transfer->sent * transfer->block_size;
	uint64_t left = transfer->size - offset;
	size_t wanted = (size_t)packets * transfer->block_size;
	size_t len = left < wanted ? (size_t)left : wanted;
	uint8_t *data = buf + (size_t)packets * TFTP_HEADER_SIZE;
	ssize_t got = len ? read(ctx, offset, data, len) : 0;

	if (got == -EAGAIN) {
		transfer->awaits_file = true;
		return 0;
	}
	if (got < 0 || (size_t)got != len)
		return fail_reading(transfer, got, buf, size);
	for (unsigned i = 0; i < packets; i++) {
		size_t at = (size_t)i * transfer->block_size;
		size_t n = len - at < transfer->block_size ? len - at : transfer->block_size;
		uint8_t *packet = buf + (size_t)i * (TFTP_HEADER_SIZE + transfer->block_size);

		memmove(packet + TFTP_HEADER_SIZE, data + at, n);
		tftp_encode_data_header(packet, (uint16_t)(transfer->sent + i + 1));
	}
	count_sent(transfer, packets);
	return len + (size_t)packets * TFTP_HEADER_SIZE;
}

/* How many blocks may be sent now, and fit. */
static unsigned packets_due(const struct tftp_transfer *transfer, size_t size, unsigned max)
{
	uint64_t due = transfer->acked + transfer->window - transfer->sent;
	uint64_t fit = size / (TFTP_HEADER_SIZE + transfer->block_size);

	if (transfer->sent >= transfer->acked + transfer->window)
		return 0;
	due = due < transfer->blocks - transfer->sent ? due : transfer->blocks - transfer->sent;
	due = due < fit ? due : fit;
	return due < max ? (unsigned)due : max;
}

size_t tftp_transfer_output(struct tftp_transfer *transfer, tftp_read_fn *read, void *ctx,
	void *buf, size_t size, unsigned max, size_t *segment)
{
	unsigned packets;
	size_t len;

	if (transfer->state == TFTP_OFFERED && transfer->offer_due) {
		transfer->offer_due = false;
		return *segment = tftp_encode_oack(buf, size, &transfer->terms);
	}
	packets = transfer->state == TFTP_SENDING && !transfer->awaits_file
			  ? packets_due(transfer, size, max)
			  : 0;
	if (packets == 0)
		return 0;
	len = output_blocks(transfer, read, ctx, buf, size, packets);
	if (len == 0)
		return 0;
	*segment = transfer->state == TFTP_SENDING ? TFTP_HEADER_SIZE + transfer->block_size : len;
	return len;
}

bool tftp_transfer_is_over(const struct tftp_transfer *transfer)
{
	return transfer->state >= TFTP_DONE;
}

uint64_t tftp_transfer_bytes(const struct tftp_transfer *transfer)
{
	uint64_t bytes = transfer->acked * transfer->block_size;

	return bytes < transfer->size ? bytes : transfer->size;
}
