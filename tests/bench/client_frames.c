/* SPDX-License-Identifier: ISC */
#include "tests/bench/client_frames.h"

#include <net/ethernet.h>
#include <string.h>

enum {
	IPV6_AT = ETH_HLEN,
	SOURCE_AT = IPV6_AT + 8,
	TARGET_AT = IPV6_AT + 24,
	UDP_AT = IPV6_AT + 40,
	CHECKSUM_AT = UDP_AT + 6,
	MESSAGE_AT = UDP_AT + 8,
	TRANSACTION_AT =
		MESSAGE_AT + 2, /* its lower 16 bits: on an even place, as checksums need */
	UDP_LEN = 8 + CLIENT_SOLICIT_LEN,
};

const uint8_t client_solicit[CLIENT_SOLICIT_LEN] = {
	0x01,
	0x5d,
	0x97,
	0xe6, /* Solicit */
	0x00,
	0x01,
	0x00,
	0x12,
	0x00,
	0x04, /* Client Identifier: DUID-UUID */
	0x33,
	0x22,
	0x11,
	0x00,
	0x55,
	0x44,
	0x77,
	0x66,
	0x88,
	0x99,
	0xaa,
	0xbb,
	0xcc,
	0xdd,
	0xee,
	0xff,
	0x00,
	0x08,
	0x00,
	0x02,
	0x00,
	0x00, /* Elapsed Time */
	0x00,
	0x03,
	0x00,
	0x0c,
	0x1f,
	0x31,
	0x57, /* IA_NA */
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0x00,
	0x06,
	0x00,
	0x08,
	0x00,
	0x3b,
	0x00,
	0x3c,
	0x00,
	0x17,
	0x00,
	0x10, /* Option Request */
	0x00,
	0x3e,
	0x00,
	0x03,
	0x01,
	0x03,
	0x00, /* Network Interface Identifier */
	0x00,
	0x3d,
	0x00,
	0x02,
	0x00,
	0x07, /* Architecture: x64 UEFI */
	0x00,
	0x10,
	0x00,
	0x26,
	0x00,
	0x00,
	0x01,
	0x57,
	0x00,
	0x20, /* Vendor Class */
	'P',
	'X',
	'E',
	'C',
	'l',
	'i',
	'e',
	'n',
	't',
	':',
	'A',
	'r',
	'c',
	'h',
	':',
	'0',
	'0',
	'0',
	'0',
	'7',
	':',
	'U',
	'N',
	'D',
	'I',
	':',
	'0',
	'0',
	'3',
	'0',
	'0',
	'0',
};

/* To 33:33:00:01:00:02; IPv6, hop limit 1; ff02::1:2; ports 546 and 547. */
static const uint8_t frame_head[] = {
	0x33,
	0x33,
	0x00,
	0x01,
	0x00,
	0x02,
	0x52,
	0x54,
	0x00,
	0x00,
	0x00,
	0x00,
	0x86,
	0xdd,
	0x60,
	0x00,
	0x00,
	0x00,
	0x00,
	UDP_LEN,
	IPPROTO_UDP,
	0x01,
	0xfe,
	0x80,
	0,
	0,
	0,
	0,
	0,
	0,
	0x50,
	0x54,
	0x00,
	0xff,
	0xfe,
	0x00,
	0x00,
	0x00,
	0xff,
	0x02,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x00,
	0x01,
	0x00,
	0x02,
	546 >> 8,
	546 & 255,
	547 >> 8,
	547 & 255,
	0x00,
	UDP_LEN,
	0x00,
	0x00,
};

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* One's complement sum of the UDP datagram with its pseudo-header (RFC 8200 section 8.1). */
static uint16_t checksum(const uint8_t *frame)
{
	uint32_t sum = UDP_LEN + IPPROTO_UDP;

	for (unsigned at = SOURCE_AT; at + 1 < CLIENT_FRAME_LEN; at += 2)
		if (at != CHECKSUM_AT)
			sum += get_u16(frame + at);
	if (CLIENT_FRAME_LEN % 2)
		sum += (uint32_t)frame[CLIENT_FRAME_LEN - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return sum ? (uint16_t)sum : 0xffff;
}

void client_frame_make(struct client_frame *frame, uint16_t client)
{
	uint8_t *octets = frame->octets;

	memcpy(octets, frame_head, sizeof(frame_head));
	memcpy(octets + MESSAGE_AT, client_solicit, sizeof(client_solicit));
	put_u16(octets + 10, client);
	put_u16(octets + SOURCE_AT + 14, client);
	put_u16(octets + CHECKSUM_AT, checksum(octets));
}

void client_frame_renew(struct client_frame *frame, uint16_t transaction)
{
	put_u16(frame->octets + TRANSACTION_AT, transaction);
	put_u16(frame->octets + CHECKSUM_AT, checksum(frame->octets));
}

uint16_t client_of_address(const uint8_t address[16])
{
	return get_u16(address + 14);
}
