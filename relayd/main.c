/* SPDX-License-Identifier: ISC */
/*
 * netboot6-relayd, the DHCPv6 relay. relay_daemon.h describes its life, packet/relay_batch.c how it
 * handles a datagram.
 */
#include "relayd/relay_daemon.h"

int main(int argc, char *argv[])
{
	return relay_daemon_main(argc, argv);
}
