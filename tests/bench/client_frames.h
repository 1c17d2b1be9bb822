/* SPDX-License-Identifier: ISC */
/*
 * Ethernet frames of clients: a Solicit as UEFI firmware (EDK2, network boot)
 * sends it, 115 octets, from any number of clients, each with a MAC and a link-local
 * address of its own. All is made once; each sending gets its own transaction id.
 */
#ifndef NB6_TESTS_BENCH_CLIENT_FRAMES_H
#define NB6_TESTS_BENCH_CLIENT_FRAMES_H

#include <netinet/in.h>
#include <stdint.h>

enum { CLIENT_SOLICIT_LEN = 115, CLIENT_FRAME_LEN = 14 + 40 + 8 + CLIENT_SOLICIT_LEN };

/* The message alone: header, Client Identifier, Elapsed Time, IA_NA, then what else there is. */
extern const uint8_t client_solicit[CLIENT_SOLICIT_LEN];

struct client_frame {
	uint8_t octets[CLIENT_FRAME_LEN];
};

/* The frame of client number 0 to 65,535: MAC 52:54:00:00:HI:LO, fe80::5054:ff:fe00:HILO. */
void client_frame_make(struct client_frame *frame, uint16_t client);
/* Give it another transaction id; the checksum follows. */
void client_frame_renew(struct client_frame *frame, uint16_t transaction);
/* The client's number, from a peer-address. */
uint16_t client_of_address(const uint8_t address[16]);

#endif
