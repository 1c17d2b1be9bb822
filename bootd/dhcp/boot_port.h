/* SPDX-License-Identifier: ISC */
/*
 * Port 4011, where UEFI PXE asks the server that has offered a boot file without an address
 * (proxy.h). It is open while some subnet has `addresses = proxy`.
 */
#ifndef NB6_BOOTD_DHCP_BOOT_PORT_H
#define NB6_BOOTD_DHCP_BOOT_PORT_H

#include "bootd/dhcp/exchange.h"

struct boot_port;
struct loop;

/*
 * On the address of `dhcp-listen`. `exchange` is the owner's and must outlive it. Returns 0 or
 * -errno of bind() and such.
 */
int boot_port_new(struct boot_port **port, struct loop *loop, struct exchange *exchange);
void boot_port_free(struct boot_port *port); /* NULL is fine */

/* Warn of boot rules that send UEFI PXE to the port of an address that is not this machine's. */
void boot_port_check_urls(const struct boot_config *config);

#endif
