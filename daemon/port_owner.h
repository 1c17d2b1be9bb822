/* SPDX-License-Identifier: ISC */
/*
 * Who has a UDP port: for the message that says why a daemon cannot start.
 */
#ifndef NB6_DAEMON_PORT_OWNER_H
#define NB6_DAEMON_PORT_OWNER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Write "dnsmasq (process 1234)" into `text` for a process that has a socket
 * bound to this IPv6 UDP port in our network namespace; "another program"
 * where it cannot be found out. Returns text.
 */
const char *port_owner_udp(uint16_t port, char *text, size_t size);

#endif
