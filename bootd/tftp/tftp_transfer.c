/* SPDX-License-Identifier: ISC */
/*
 * The state machine of a transfer. Whatever goes wrong on the way is mended by
 * one means: `sent` is set back to `acked`, and the output starts there again.
 */
#include "bootd/tftp/tftp_transfer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	INTERVAL_MS = 1000,
	INTERVAL_MOST_MS = 8000,
	SILENCE_MS = 30000, /* and two packets in vain: then the client is gone */
};

/* Whether we take the option, and with which value; RFC 2348, 2349, 7440. */
static bool agree(const struct tftp_option *asked, uint64_t size, const struct tftp_limits *limits,
	uint64_t *value)
{
	switch (asked->kind) {
	case TFTP_BLKSIZE:
		if (asked->value < TFTP_BLOCK_SIZE_LEAST || asked->value > TFTP_BLOCK_SIZE_MOST)
			return false;
		*value = asked->value < limits->block_size_max ? asked->value
							       : limits->block_size_max;
		return true;
	case TFTP_TIMEOUT:
		*value = asked->value;
		return asked->value >= 1 && asked->value <= 255;
	case TFTP_TSIZE:
		*value = size;
		return true;
	case TFTP_WINDOWSIZE:
		if (asked->value < 1 || asked->value > 65535)
			return false;
		*value = asked->value < limits->window_max ? asked->value : limits->window_max;
		return true;
	default:
		return false;
	}
}

static void take_term(struct tftp_transfer *transfer, enum tftp_option_kind kind, uint64_t value)
{
	transfer->terms.option[transfer->terms.n++] = (struct tftp_option){kind, value};
	switch (kind) {
	case TFTP_BLKSIZE:
		transfer->block_size = (uint32_t)value;
		break;
	case TFTP_TIMEOUT:
		transfer->interval_ms = value * 1000;
		transfer->backoff = false;
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

	for (unsigned i = 0; transfer->backoff && i < transfer->tries && ms < INTERVAL_MOST_MS; i++)
		ms *= 2;
	return ms;
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
		.backoff = true,
		.heard_ms = now_ms,
	};
	for (size_t i = 0; i < request->options.n; i++)
		if (agree(&request->options.option[i], size, limits, &value))
			take_term(transfer, request->options.option[i].kind, value);
	transfer->blocks = size / transfer->block_size + 1;
	transfer->offer_due = transfer->terms.n > 0;
	transfer->state = transfer->offer_due ? TFTP_OFFERED : TFTP_SENDING;
	transfer->deadline_ms = now_ms + interval_now(transfer);
}

static void progress(struct tftp_transfer *transfer, uint64_t now_ms)
{
	transfer->tries = 0;
	transfer->rewound = false;
	transfer->heard_ms = now_ms;
	transfer->deadline_ms = now_ms + interval_now(transfer);
}

static void take_ack(struct tftp_transfer *transfer, uint16_t block, uint64_t now_ms)
{
	uint16_t ahead = (uint16_t)(block - (uint16_t)transfer->acked);

	if (transfer->state == TFTP_OFFERED) {
		if (block != 0)
			return;
		transfer->state = TFTP_SENDING;
		progress(transfer, now_ms);
		return;
	}
	if (ahead > transfer->furthest - transfer->acked)
		return; /* an old one, or of what was never sent */
	if (ahead == 0) {
		if (transfer->window > 1 && !transfer->rewound)
			transfer->sent = transfer->acked;
		transfer->rewound = true;
		return;
	}
	transfer->acked += ahead;
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

	if (tftp_transfer_is_over(transfer) || tftp_decode(buf, len, &packet) != 0)
		return;
	if (packet.opcode == TFTP_ACK)
		take_ack(transfer, packet.block, now_ms);
	else if (packet.opcode == TFTP_ERROR)
		take_error(transfer, &packet);
}

static void give_up(struct tftp_transfer *transfer)
{
	if (transfer->state == TFTP_OFFERED)
		fail(transfer, "the client did not answer the option "
			       "acknowledgement: does it reach the client?");
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
	if (tftp_transfer_is_over(transfer) || now_ms < transfer->deadline_ms)
		return;
	transfer->tries++;
	if (transfer->tries >= 2 && now_ms - transfer->heard_ms >= SILENCE_MS) {
		give_up(transfer);
		return;
	}
	tftp_transfer_repeat(transfer);
	transfer->rewound = false;
	transfer->deadline_ms = now_ms + interval_now(transfer);
}

void tftp_transfer_repeat(struct tftp_transfer *transfer)
{
	if (transfer->state == TFTP_OFFERED) {
		transfer->retransmitted += !transfer->offer_due;
		transfer->offer_due = true;
	} else {
		transfer->sent = transfer->acked;
	}
}

static size_t fail_reading(struct tftp_transfer *transfer, ssize_t got, void *buf, size_t size)
{
	fail(transfer, "%s",
		got < 0 ? strerror((int)-got) : "the file became shorter while it was sent");
	return tftp_encode_error(buf, size, TFTP_ERROR_OTHER, "the file cannot be read");
}

static size_t output_block(
	struct tftp_transfer *transfer, tftp_read_fn *read, void *ctx, void *buf, size_t size)
{
	uint64_t offset = transfer->sent * transfer->block_size;
	uint64_t left = transfer->size - offset;
	size_t len = left < transfer->block_size ? (size_t)left : transfer->block_size;
	ssize_t got = len ? read(ctx, offset, (uint8_t *)buf + TFTP_HEADER_SIZE, len) : 0;

	if (got < 0 || (size_t)got != len)
		return fail_reading(transfer, got, buf, size);
	transfer->sent++;
	if (transfer->sent <= transfer->furthest)
		transfer->retransmitted++;
	else
		transfer->furthest = transfer->sent;
	tftp_encode_data_header(buf, (uint16_t)transfer->sent);
	return TFTP_HEADER_SIZE + len;
}

size_t tftp_transfer_output(
	struct tftp_transfer *transfer, tftp_read_fn *read, void *ctx, void *buf, size_t size)
{
	if (transfer->state == TFTP_OFFERED && transfer->offer_due) {
		transfer->offer_due = false;
		return tftp_encode_oack(buf, size, &transfer->terms);
	}
	if (transfer->state != TFTP_SENDING || transfer->sent == transfer->blocks ||
		transfer->sent - transfer->acked >= transfer->window)
		return 0;
	return output_block(transfer, read, ctx, buf, size);
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
