/* SPDX-License-Identifier: ISC */
/*
 * One file on its way to one client: what to send, when to send it again, and
 * when it is over. Takes packets and `now`; does no I/O itself.
 *
 *	            OACK sent             ACK 0
 *	start ---> OFFERED ------------------------> SENDING ---> DONE
 *	  |           | ERROR, tsize was asked          |   all acknowledged
 *	  |           +---> PROBED                      |
 *	  +-- no options ------------------------------>+
 *	              both: ERROR, silence, unreadable file ---> FAILED
 *
 * Blocks are counted from 1 without end; on the wire goes the low half of it,
 * so that after 65535 comes 0. A window (RFC 7440) is sent at once; after an ACK
 * from its middle, or a timeout, it is sent again from the block that was acknowledged.
 * With a window of one, a repeated ACK is not answered (the Sorcerer's
 * Apprentice bug of RFC 1123, section 4.2.3.1); with a larger one it says that
 * the window's first block is lost, and is answered once per position.
 *
 * The retransmission timer follows the measured round trip, as TCP's does (RFC 6298), unless the
 * client has asked for a fixed one. Until the first ACK comes, the request may be forged: such a
 * transfer sends little and ends after TFTP_FIRST_ACK_MS, whatever timeout was asked for.
 */
#ifndef NB6_BOOTD_TFTP_TFTP_TRANSFER_H
#define NB6_BOOTD_TFTP_TFTP_TRANSFER_H

#include <sys/types.h>

#include "bootd/tftp/tftp_packet.h"

enum tftp_state {
	TFTP_OFFERED,
	TFTP_SENDING,
	/* and from here on it is over */
	TFTP_DONE,
	TFTP_PROBED,
	TFTP_FAILED,
};

enum { TFTP_FIRST_ACK_MS = 10000 };

struct tftp_transfer {
	enum tftp_state state;
	uint64_t size; /* of the file */
	uint32_t block_size, window;
	uint64_t blocks;                /* of the file: the last one is short, or empty */
	struct tftp_option_list terms;  /* what the OACK says */
	bool offer_due;                 /* the OACK is to be sent (again) */
	uint64_t acked;                 /* blocks acknowledged */
	uint64_t sent;                  /* the last block that was sent since */
	uint64_t furthest;              /* the last block that was ever sent */
	bool rewound;                   /* a repeated ACK was answered at this position */
	uint64_t interval_ms;           /* until the first retransmission */
	bool is_adaptive;               /* the interval follows the round trip and doubles */
	uint64_t srtt_ms, rttvar_ms;    /* RFC 6298; srtt 0: not measured yet */
	uint64_t timed_block, timed_ms; /* a block whose ACK is being timed; 0: none */
	unsigned tries;                 /* transmissions since the last progress */
	bool is_heard;                  /* an ACK came: the client is no forgery */
	bool awaits_file;               /* the next blocks are being read from the disk */
	uint64_t superseded_ms; /* the client requested the file again; 0: it has sent an ACK since
				 */
	uint64_t started_ms, now_ms; /* now: of the last call */
	uint64_t heard_ms;           /* when the client last made progress */
	uint64_t deadline_ms;        /* when tftp_transfer_timeout() is due */
	uint64_t retransmitted;      /* packets sent again */
	char error[192];             /* in the operator's words, when FAILED */
};

/*
 * Up to `len` octets of the file from `offset`. Returns how many there were; -EAGAIN if they are to
 * be read from the disk first, and tftp_transfer_resume() follows; or another negative errno.
 */
typedef ssize_t tftp_read_fn(void *ctx, uint64_t offset, void *buf, size_t len);

void tftp_transfer_start(struct tftp_transfer *transfer, const struct tftp_request *request,
	uint64_t size, const struct tftp_limits *limits, uint64_t now_ms);

/* A packet from the client. One that makes no sense in this state is ignored. */
void tftp_transfer_input(
	struct tftp_transfer *transfer, const void *buf, size_t len, uint64_t now_ms);

/* Call it at the deadline; before the deadline it does nothing. */
void tftp_transfer_timeout(struct tftp_transfer *transfer, uint64_t now_ms);

/* The file can be read: call tftp_transfer_output(). */
void tftp_transfer_resume(struct tftp_transfer *transfer, uint64_t now_ms);

/* The same request came again: what was not acknowledged is lost and is sent again. */
void tftp_transfer_repeat(struct tftp_transfer *transfer);

/*
 * The client is gone: it closed its port, or started another transfer. PROBED if it had been sent
 * the size that it asked for and nothing else, else FAILED.
 */
void tftp_transfer_abandon(struct tftp_transfer *transfer, const char *why);

/*
 * The next packets to send now: call it after each of the calls above until it returns 0. Returns
 * the length of one packet or of several, at most `max`: each of *segment octets, and only the
 * last may be shorter. They are read with one call. `size` is at least TFTP_HEADER_SIZE +
 * block_size, and 512. A file that cannot be read ends the transfer: FAILED, and the packet is an
 * ERROR.
 */
size_t tftp_transfer_output(struct tftp_transfer *transfer, tftp_read_fn *read, void *ctx,
	void *buf, size_t size, unsigned max, size_t *segment);

bool tftp_transfer_is_over(const struct tftp_transfer *transfer);

/* Octets of the file that the client has acknowledged. */
uint64_t tftp_transfer_bytes(const struct tftp_transfer *transfer);

#endif
