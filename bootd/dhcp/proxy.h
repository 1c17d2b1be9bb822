/* SPDX-License-Identifier: ISC */
/*
 * Boot files beside another DHCPv6 server that gives the addresses (subnets with
 * `addresses = proxy`). What firmware does with two servers was seen on real ones:
 *
 *	UEFI HTTP  takes a URL with "HTTPClient" from an Advertise that has no IA_NA, and the
 *	           address from the other server
 *	UEFI PXE   takes such an Advertise with its own "PXEClient" in it (without, it hangs for
 *	           ever), has its address confirmed by the other server, and then asks for the URL
 *	           once more: by unicast on port 4011 of the host in that URL (boot_port.c), with
 *	           our Server Identifier and no IA_NA
 *	all others go by no Advertise without an address: they get none. iPXE is heard where the
 *	           router advertisements have it send an Information-request
 *
 * No Advertise of a proxy has a preference: with 255 firmware would wait for no other.
 */
#ifndef NB6_BOOTD_DHCP_PROXY_H
#define NB6_BOOTD_DHCP_PROXY_H

#include "bootd/dhcp/request.h"

struct boot_port;
struct loop;

enum { BOOT_SERVER_PORT = 4011 };

/*
 * The way by which UEFI PXE asked: what it says later on port 4011 comes without relays and
 * frames, and is to get the same answer. By DUID; bounded, for PROXY_REMEMBERED_S.
 */
enum { PROXY_REMEMBERED_S = 300 };
struct proxy_memory;
void proxy_memory_free(struct proxy_memory *memory); /* NULL is fine */

/* To a Solicit: an Advertise without IA_NA, or DROP_PROXY. */
respond_fn proxy_offer;
/* To a Request on port 4011: a Reply. */
respond_fn proxy_confirm;

/*
 * What comes of a client's Solicit in such a subnet, in words. `boot` is what it would boot. NULL
 * where the plan is another one.
 */
const char *proxy_explain(const struct address_plan *plan, const struct client_facts *facts,
	const struct boot_choice *boot);

/* A message on port 4011: fill in the way that its sender's Solicit came, as far as it is known. */
void proxy_recall(struct request *r);

/*
 * A client asks the other server for an address: it is put down as the machine's, so that what is
 * fetched from there is known to be this machine's. Only the place of r is decided.
 */
void proxy_overhear(struct request *r);

/* --- port 4011 (boot_port.c), open while some subnet has `addresses = proxy` ----------- */

/*
 * On the address of `dhcp-listen`. `exchange` is the owner's and must outlive it. Returns 0 or
 * -errno of bind() and such.
 */
int boot_port_new(struct boot_port **port, struct loop *loop, struct exchange *exchange);
void boot_port_free(struct boot_port *port); /* NULL is fine */

/* Warn of boot rules that send UEFI PXE to the port of an address that is not this machine's. */
void boot_port_check_urls(const struct boot_config *config);

#endif
