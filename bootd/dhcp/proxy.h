/* SPDX-License-Identifier: ISC */
/*
 * Boot files beside another DHCPv6 server that gives the addresses (subnets with
 * `addresses = proxy`). What firmware does with two servers was seen on real ones:
 *
 *	UEFI HTTP   accepts a URL with "HTTPClient" from an Advertise that has no IA_NA, and the
 *	            address from the other server
 *	UEFI PXE    accepts such an Advertise if its own "PXEClient" is in it (without that it
 *	            hangs forever), requests its address from the other server, and then asks for
 *	            the URL again: by unicast on port 4011 of the host in that URL (boot_port.c),
 *	            with our Server Identifier and no IA_NA
 *	all others  ignore an Advertise without an address, so they get none; iPXE is answered if
 *	            router advertisements make it send an Information-request
 *
 * No Advertise of a proxy has a preference: after one with 255 firmware waits for no other.
 */
#ifndef NB6_BOOTD_DHCP_PROXY_H
#define NB6_BOOTD_DHCP_PROXY_H

#include "bootd/dhcp/request.h"

struct boot_port;
struct loop;

enum { BOOT_SERVER_PORT = 4011 };

/*
 * Remembers by which relays and with which MAC the Solicit of UEFI PXE came. Its later message on
 * port 4011 comes without relays, and must get the same answer. Clients are found by DUID, for
 * PROXY_REMEMBERED_S; the memory is bounded.
 */
enum { PROXY_REMEMBERED_S = 300 };
struct proxy_memory;
void proxy_memory_free(struct proxy_memory *memory); /* NULL is fine */

/* To a Solicit: an Advertise without IA_NA, or DROP_PROXY. */
respond_fn proxy_offer;
/* To a Request on port 4011: a Reply. */
respond_fn proxy_confirm;

/*
 * How a client's Solicit is answered in such a subnet, in words. `boot` is what it would boot. NULL
 * if `plan` is not that of a proxy.
 */
const char *proxy_explain(const struct address_plan *plan, const struct client_facts *facts,
	const struct boot_choice *boot);

/* For a message on port 4011: fill in the relays and the MAC of its client's Solicit, if known. */
void proxy_recall(struct request *r);

/*
 * A client requests an address from the other server. The address is noted as the machine's, so
 * that files fetched from it are known to be fetched by this machine. Only subnet, host, class and
 * machine of r are decided.
 */
void proxy_overhear(struct request *r);

/* --- port 4011 (boot_port.c), open while some subnet has `addresses = proxy` ----------- */

/*
 * On the address of `dhcp-listen`. `exchange` is borrowed. Returns 0; or -errno, of bind() for
 * example.
 */
int boot_port_new(struct boot_port **port, struct loop *loop, struct exchange *exchange);
void boot_port_free(struct boot_port *port); /* NULL is fine */

/* Warn of boot rules whose URL makes UEFI PXE ask port 4011 of another machine. */
void boot_port_check_urls(const struct boot_config *config);

#endif
