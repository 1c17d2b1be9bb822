/* SPDX-License-Identifier: ISC */
/*
 * A client's packets, one after the other, each behind an octet with its length.
 * The first is a datagram to the server; where it is a request, a transfer is
 * begun, and the others go to that. The top bit of a length lets a second pass.
 */
#include <stdlib.h>
#include <string.h>

#include "bootd/tftp/tftp_transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t read_zeros(void *ctx, uint64_t offset, void *buf, size_t len)
{
	(void)ctx;
	(void)offset;
	memset(buf, 0, len);
	return (ssize_t)len;
}

static void check(int truth)
{
	if (!truth)
		abort();
}

static void drain(struct tftp_transfer *transfer)
{
	uint8_t packet[3 * (TFTP_HEADER_SIZE + 1428)];
	unsigned n = 0;
	size_t len, segment;

	while ((len = tftp_transfer_output(
			transfer, read_zeros, NULL, packet, sizeof(packet), 3, &segment)) > 0) {
		check(len <= sizeof(packet) && segment > 0 && len <= 3 * segment);
		check(++n <= 17); /* a window, and an OACK */
	}
	check(transfer->acked <= transfer->sent || tftp_transfer_is_over(transfer));
	check(transfer->furthest <= transfer->blocks);
	check(tftp_transfer_bytes(transfer) <= transfer->size);
}

/* The next packet, in a heap block of exactly its size; NULL at the end. */
static uint8_t *take_packet(const uint8_t **data, size_t *size, size_t *len, uint64_t *now_ms)
{
	uint8_t *packet;

	if (*size == 0)
		return NULL;
	*now_ms += **data & 0x80 ? 1000 : 0;
	*len = **data & 0x7f;
	++*data;
	--*size;
	*len = *len < *size ? *len : *size;
	packet = malloc(*len ? *len : 1);
	if (packet)
		memcpy(packet, *data, *len);
	*data += *len;
	*size -= *len;
	return packet;
}

static void run(const struct tftp_request *request, const uint8_t *data, size_t size)
{
	static const struct tftp_limits limits = {.block_size_max = 1428, .window_max = 16};
	struct tftp_transfer transfer;
	uint64_t now_ms = 1;
	uint8_t *packet;
	size_t len;

	tftp_transfer_start(&transfer, request, (uint64_t)size * 997, &limits, now_ms);
	drain(&transfer);
	while ((packet = take_packet(&data, &size, &len, &now_ms))) {
		tftp_transfer_input(&transfer, packet, len, now_ms);
		free(packet);
		drain(&transfer);
		tftp_transfer_timeout(&transfer, now_ms);
		drain(&transfer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tftp_packet packet;
	uint64_t now_ms = 0;
	size_t len;
	uint8_t *datagram = take_packet(&data, &size, &len, &now_ms);

	if (datagram && tftp_decode(datagram, len, &packet) == 0 &&
		(packet.opcode == TFTP_RRQ || packet.opcode == TFTP_WRQ)) {
		check(packet.request.path[0] != '\0');
		check(packet.request.options.n <= TFTP_OPTION_KINDS);
		run(&packet.request, data, size);
	}
	free(datagram);
	return 0;
}
