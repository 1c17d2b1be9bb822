/* SPDX-License-Identifier: ISC */
/*
 * netboot6-relayd, the DHCPv6 relay: see relay_daemon.h for its life and
 * relay.c for a datagram's way through it.
 */
#include "relayd/relay_daemon.h"

int main(int argc, char *argv[])
{
	return relay_daemon_main(argc, argv);
}
