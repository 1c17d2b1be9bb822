/* SPDX-License-Identifier: ISC */
/*
 * TFTP packets, RFC 1350 and 2347: bytes to structs and back, for a server
 * that is only read from, and which options it accepts. No I/O.
 *
 *	request   opcode 2 | name 0 | mode 0 | option 0 | value 0 | ...
 *	DATA      opcode 2 | block 2 | 0 to blksize octets
 *	ACK       opcode 2 | block 2
 *	ERROR     opcode 2 | code 2 | text 0
 *	OACK      opcode 2 | option 0 | value 0 | ...
 */
#ifndef NB6_BOOTD_TFTP_TFTP_PACKET_H
#define NB6_BOOTD_TFTP_TFTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/files/file_root.h"

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_WRQ = 2,
	TFTP_DATA = 3,
	TFTP_ACK = 4,
	TFTP_ERROR = 5,
	TFTP_OACK = 6,
};

enum tftp_error_code {
	TFTP_ERROR_OTHER = 0, /* see the text */
	TFTP_ERROR_NOT_FOUND = 1,
	TFTP_ERROR_ACCESS = 2,
	TFTP_ERROR_ILLEGAL = 4,
	TFTP_ERROR_OPTIONS = 8, /* RFC 2347; firmware also ends its size probe with it */
};

enum {
	TFTP_HEADER_SIZE = 4,  /* of DATA and ACK */
	TFTP_BLOCK_SIZE = 512, /* where nothing else was agreed on */
	TFTP_BLOCK_SIZE_LEAST = 8,
	TFTP_BLOCK_SIZE_MOST = 65464,
	TFTP_TEXT_SIZE = 128, /* of an error's text as we keep it, with its NUL */
	TFTP_PACKET_OVERHEAD = 40 + 8 + TFTP_HEADER_SIZE, /* IPv6, UDP, TFTP */
};

enum tftp_option_kind {
	TFTP_BLKSIZE,    /* RFC 2348 */
	TFTP_TIMEOUT,    /* RFC 2349, in seconds */
	TFTP_TSIZE,      /* RFC 2349 */
	TFTP_WINDOWSIZE, /* RFC 7440 */
	TFTP_OPTION_KINDS,
};

struct tftp_option {
	enum tftp_option_kind kind;
	uint64_t value;
};

/* The options of one packet in their order; of each kind there is one at most. */
struct tftp_option_list {
	struct tftp_option option[TFTP_OPTION_KINDS];
	size_t n;
};

struct tftp_request {
	char path[FILE_PATH_SIZE];
	bool octet; /* mode "octet"; false: "netascii", "mail" or something else */
	struct tftp_option_list options; /* those that we know and whose value is a number */
};

struct tftp_packet {
	enum tftp_opcode opcode;
	union {
		struct tftp_request request; /* RRQ, WRQ */
		uint16_t block;              /* ACK */
		struct {
			uint16_t code;
			char text[TFTP_TEXT_SIZE]; /* printable, cut where too long */
		} error;
	};
};

/*
 * Read one packet. Of a repeated option the first counts; names are compared
 * without regard to case; zero octets behind the last option are padding.
 *
 * Returns 0; -EBADMSG for what is cut, lacks a NUL, has an empty name, or a
 * control character or more than FILE_PATH_SIZE octets in it; -EPROTO for
 * opcodes that no client sends to a server that is only read from.
 */
int tftp_decode(const void *buf, size_t len, struct tftp_packet *out);

/* Each writes into `size` octets and returns the length, or 0 if it does not fit. */
size_t tftp_encode_oack(void *buf, size_t size, const struct tftp_option_list *options);
size_t tftp_encode_error(void *buf, size_t size, enum tftp_error_code code, const char *text);

/* The header of a DATA packet: TFTP_HEADER_SIZE octets. */
void tftp_encode_data_header(void *buf, uint16_t block);

/* What this server and the path to the client allow. */
struct tftp_limits {
	uint32_t block_size_max, window_max;
};

/*
 * Is the option that a client asks for accepted (RFC 2348, 2349, 7440), and with which value?
 *
 * size  of the file, in octets: the value of tsize
 */
bool tftp_option_agree(const struct tftp_option *asked, uint64_t size,
	const struct tftp_limits *limits, uint64_t *value);

#endif
