/* SPDX-License-Identifier: ISC */
/*
 * netboot6-bootd, the boot server: see boot_daemon.c for its life, and exchange.c for the path of a
 * request.
 */
#include "bootd/boot_server.h"

int main(int argc, char *argv[])
{
	return boot_daemon_main(argc, argv);
}
