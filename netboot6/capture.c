/* SPDX-License-Identifier: ISC */
/*
 * One loop over records or blocks, then layer by layer down to UDP. Numbers of the file itself
 * are in the byte order of the machine that wrote it, those of packets in that of the network.
 */
#include "netboot6/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_COOKED = 113,
	LINK_RAW_IPV6 = 229,
	LINK_COOKED_2 = 276,
	ETHERTYPE_V6 = 0x86dd,
	ETHERTYPE_TAG = 0x8100,
	ETHERTYPE_TAG_OF_PROVIDER = 0x88a8,
	NEXT_HEADER_UDP = 17,
	UDP_HEADER = 8,
	FILE_MAX = 256 << 20,
};

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_LEAST = 12, /* type, length, length once more */
};

enum {
	PCAP_MICRO = 0xa1b2c3d4,
	PCAP_NANO = 0xa1b23c4d,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
};

/* --- numbers of the file ------------------------------------------------------------- */

static uint32_t get_u32(const struct capture *capture, struct wire_in *in)
{
	uint32_t value = wire_get_u32(in);

	return capture->is_little ? __builtin_bswap32(value) : value;
}

static uint16_t get_u16(const struct capture *capture, struct wire_in *in)
{
	uint16_t value = wire_get_u16(in);

	return capture->is_little ? __builtin_bswap16(value) : value;
}

/* --- layers --------------------------------------------------------------------------- */

static bool read_udp(struct wire_in in, struct capture_datagram *datagram)
{
	uint16_t len;

	datagram->source_port = wire_get_u16(&in);
	datagram->destination_port = wire_get_u16(&in);
	len = wire_get_u16(&in);
	wire_get_u16(&in); /* checksum */
	if (in.bad || len < UDP_HEADER)
		return false;
	datagram->len = len - (size_t)UDP_HEADER;
	datagram->data = wire_get_bytes(&in, datagram->len);
	return !in.bad;
}

static bool read_ipv6(struct wire_in in, struct capture_datagram *datagram)
{
	uint32_t version = wire_get_u32(&in) >> 28;
	uint16_t len = wire_get_u16(&in);
	uint8_t next = wire_get_u8(&in);

	wire_get_u8(&in); /* hop limit */
	datagram->source = wire_get_in6(&in);
	datagram->destination = wire_get_in6(&in);
	in = wire_get_sub(&in, len);
	return !in.bad && version == 6 && next == NEXT_HEADER_UDP && read_udp(in, datagram);
}

static bool read_ethernet(struct wire_in in, struct capture_datagram *datagram)
{
	const uint8_t *mac;
	uint16_t type;

	wire_get_bytes(&in, sizeof(datagram->mac));
	mac = wire_get_bytes(&in, sizeof(datagram->mac));
	type = wire_get_u16(&in);
	while (!in.bad && (type == ETHERTYPE_TAG || type == ETHERTYPE_TAG_OF_PROVIDER)) {
		wire_get_u16(&in);
		type = wire_get_u16(&in);
	}
	if (in.bad || type != ETHERTYPE_V6)
		return false;
	datagram->has_mac = true;
	memcpy(datagram->mac, mac, sizeof(datagram->mac));
	return read_ipv6(in, datagram);
}

/* The header of "any": both versions have type, kind of address, its length and the address. */
static bool read_cooked(struct wire_in in, bool is_second, struct capture_datagram *datagram)
{
	uint16_t type = 0, mac_len;
	const uint8_t *mac;

	if (is_second) {
		type = wire_get_u16(&in);
		wire_get_bytes(&in, 2 + 4 + 2 + 1); /* reserved, interface, hardware, kind */
		mac_len = wire_get_u8(&in);
	} else {
		wire_get_bytes(&in, 2 + 2); /* kind, hardware */
		mac_len = wire_get_u16(&in);
	}
	mac = wire_get_bytes(&in, 8);
	if (!is_second)
		type = wire_get_u16(&in);
	if (in.bad || type != ETHERTYPE_V6)
		return false;
	datagram->has_mac = mac_len == sizeof(datagram->mac);
	if (datagram->has_mac)
		memcpy(datagram->mac, mac, sizeof(datagram->mac));
	return read_ipv6(in, datagram);
}

static bool read_frame(struct wire_in in, uint32_t link_type, struct capture_datagram *datagram)
{
	switch (link_type) {
	case LINK_ETHERNET:
		return read_ethernet(in, datagram);
	case LINK_COOKED:
	case LINK_COOKED_2:
		return read_cooked(in, link_type == LINK_COOKED_2, datagram);
	case LINK_RAW:
	case LINK_RAW_IPV6:
		return read_ipv6(in, datagram);
	default:
		return false;
	}
}

/* --- pcap ------------------------------------------------------------------------------- */

/* False at the end. *is_udp says whether the record contains a UDP datagram. */
static bool next_record(struct capture *capture, struct capture_datagram *datagram, bool *is_udp)
{
	struct wire_in *in = &capture->left;
	uint32_t seconds, fraction, len;
	struct wire_in frame;

	seconds = get_u32(capture, in);
	fraction = get_u32(capture, in);
	len = get_u32(capture, in);
	get_u32(capture, in); /* on the wire */
	frame = wire_get_sub(in, len);
	if (in->bad)
		return false;
	capture->packets++;
	datagram->at_ms = seconds * 1000ull + fraction / (capture->is_nano ? 1000000 : 1000);
	*is_udp = read_frame(frame, capture->link_type[0], datagram);
	return true;
}

static int open_pcap(struct capture *capture, uint32_t magic)
{
	struct wire_in *in = &capture->left;

	capture->is_little =
		magic == __builtin_bswap32(PCAP_MICRO) || magic == __builtin_bswap32(PCAP_NANO);
	magic = capture->is_little ? __builtin_bswap32(magic) : magic;
	capture->is_nano = magic == PCAP_NANO;
	if (magic != PCAP_MICRO && magic != PCAP_NANO)
		return -EBADMSG;
	wire_get_bytes(in, 16); /* version, time zone, accuracy, the most of a packet */
	capture->link_type[0] = get_u32(capture, in) & 0xffff;
	capture->interfaces = 1;
	return in->bad ? -EBADMSG : 0;
}

/* --- pcapng ----------------------------------------------------------------------------- */

static void take_interface(struct capture *capture, struct wire_in body)
{
	uint16_t link_type = get_u16(capture, &body);

	if (!body.bad && capture->interfaces < CAPTURE_INTERFACES)
		capture->link_type[capture->interfaces] = link_type;
	capture->interfaces += capture->interfaces < CAPTURE_INTERFACES;
}

static bool take_packet(struct capture *capture, uint32_t type, struct wire_in body,
	struct capture_datagram *datagram)
{
	uint32_t interface = 0, len;

	if (type == BLOCK_ENHANCED)
		interface = get_u32(capture, &body);
	else if (type == BLOCK_PACKET)
		interface = get_u32(capture, &body) & 0xffff; /* and a count of drops */
	if (type != BLOCK_SIMPLE)
		wire_get_bytes(&body, 8); /* time, in units that an option may change */
	len = get_u32(capture, &body);
	if (type == BLOCK_SIMPLE)
		len = len < wire_left(&body) ? len : (uint32_t)wire_left(&body);
	else
		get_u32(capture, &body); /* on the wire */
	capture->packets++;
	body = wire_get_sub(&body, len);
	return !body.bad && interface < capture->interfaces &&
	       read_frame(body, capture->link_type[interface], datagram);
}

/* A section has its own byte order and interfaces. */
static bool begin_section(struct capture *capture)
{
	struct wire_in ahead = capture->left;
	uint32_t magic;

	wire_get_u32(&ahead); /* its length, in the order that comes next */
	magic = wire_get_u32(&ahead);
	capture->is_little = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	capture->interfaces = 0;
	return capture->is_little || magic == BYTE_ORDER_MAGIC;
}

static bool next_block(struct capture *capture, struct capture_datagram *datagram, bool *is_udp)
{
	struct wire_in *in = &capture->left;
	uint32_t type = get_u32(capture, in), len;
	struct wire_in body;

	if (in->bad || (type == BLOCK_SECTION && !begin_section(capture)))
		return false;
	len = get_u32(capture, in);
	if (in->bad || len < BLOCK_LEAST || len % 4)
		return false;
	body = wire_get_sub(in, len - BLOCK_LEAST);
	get_u32(capture, in); /* the length once more */
	if (in->bad)
		return false;
	if (type == BLOCK_INTERFACE)
		take_interface(capture, body);
	else if (type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_PACKET)
		*is_udp = take_packet(capture, type, body, datagram);
	return true;
}

/* --- both --------------------------------------------------------------------------------- */

int capture_open(struct capture *capture, const void *octets, size_t len)
{
	struct wire_in ahead;
	uint32_t magic;

	*capture = (struct capture){.left = wire_in_of(octets, len)};
	ahead = capture->left;
	magic = wire_get_u32(&ahead);
	capture->is_ng = magic == BLOCK_SECTION; /* the same in either byte order */
	if (capture->is_ng)
		return 0;
	capture->left = ahead;
	return open_pcap(capture, magic);
}

bool capture_next(struct capture *capture, struct capture_datagram *datagram)
{
	bool is_udp = false, more = true;

	while (more && !is_udp) {
		*datagram = (struct capture_datagram){0};
		more = capture->is_ng ? next_block(capture, datagram, &is_udp)
				      : next_record(capture, datagram, &is_udp);
	}
	datagram->packet = capture->packets;
	return is_udp;
}

int capture_read_file(const char *path, uint8_t **octets, size_t *len)
{
	FILE *file = fopen(path, "rbe");
	size_t size = 0;
	int rc = 0;

	*octets = NULL;
	*len = 0;
	if (!file)
		return -errno;
	while (rc == 0 && !feof(file)) {
		uint8_t *more;

		size = size ? 2 * size : 1 << 16;
		more = size <= FILE_MAX ? realloc(*octets, size) : NULL;
		rc = size > FILE_MAX ? -EFBIG : !more ? -ENOMEM : 0;
		if (rc < 0)
			break;
		*octets = more;
		errno = 0;
		*len += fread(*octets + *len, 1, size - *len, file);
		if (ferror(file))
			rc = errno ? -errno : -EIO;
	}
	fclose(file);
	if (rc < 0) {
		free(*octets);
		*octets = NULL;
	}
	return rc;
}
