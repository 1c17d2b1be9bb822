/* SPDX-License-Identifier: ISC */
/*
 * The packet path: receiving, relaying and sending in batches.
 */
#ifndef NB6_RELAYD_PACKET_RELAY_BATCH_H
#define NB6_RELAYD_PACKET_RELAY_BATCH_H

struct relay;

/* Relay the datagrams waiting on a socket, at most a few batches; for when it is readable. */
void relay_run_batches(struct relay *relay, int fd);

#endif
