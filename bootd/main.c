/* SPDX-License-Identifier: ISC */
/*
 * netboot6-bootd, the boot server: see boot_daemon.h for its life, exchange.c
 * for a request's way through it.
 */
#include "bootd/boot_daemon.h"

int main(int argc, char *argv[])
{
	return boot_daemon_main(argc, argv);
}
