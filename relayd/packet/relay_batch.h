/* SPDX-License-Identifier: ISC */
/*
 * A datagram's way through the relay.
 */
#ifndef NB6_RELAYD_PACKET_RELAY_BATCH_H
#define NB6_RELAYD_PACKET_RELAY_BATCH_H

struct relay;

/* Relay what waits on a socket, at most a few batches: call it when the socket is readable. */
void relay_run_batches(struct relay *relay, int fd);

#endif
