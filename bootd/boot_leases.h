/* SPDX-License-Identifier: ISC */
/* The lease store's life in bootd: opened where a subnet has a pool, read whole, or refused. */
#ifndef NB6_BOOTD_BOOT_LEASES_H
#define NB6_BOOTD_BOOT_LEASES_H

#include "bootd/boot_server.h"

/*
 * Open the store that `config` names and take its leases into the server's exchange, where there
 * is a pool and it is not open yet. Returns 0, or -errno with the reason in the log.
 */
int boot_leases_open(struct boot_server *server, const struct boot_config *config);

#endif
