/* SPDX-License-Identifier: ISC */
/*
 * The set of client-facing links: which of the kernel's links are ones, by
 * the operator's patterns, from the moment each appears.
 *
 * The owner of the link table passes its callbacks on to here. A link that
 * the patterns take is joined to ff02::1:2 and gets a client_link; a macvlan
 * on such a link is VRRP's and part of it: its addresses count, and nothing
 * is joined on it, else each message would be relayed twice.
 */
#ifndef NB6_RELAYD_LINKS_CLIENT_LINKS_H
#define NB6_RELAYD_LINKS_CLIENT_LINKS_H

#include <stddef.h>

#include "netlink/link_table.h"
#include "relayd/links/client_link.h"
#include "relayd/links/link_book.h"
#include "relayd/links/membership.h"

/* A client link has another state or link-address than before. */
typedef void client_link_told_fn(void *arg, const struct client_link *cl,
	enum client_link_state before, const struct in6_addr *address_before);

struct client_links {
	struct link_table *table;
	const struct relay_conf *conf;
	struct membership *membership;
	struct link_book book;
	bool loud;                 /* changes are logged: not before the first picture is whole */
	size_t n_macvlans;         /* in the whole table */
	char host[65];             /* for Remote-IDs */
	client_link_told_fn *told; /* of changes, once loud; NULL: nobody is */
	void *told_arg;
};

/*
 * Returns 0 or -ENOMEM. `table` may be empty still; `conf` is borrowed until
 * the next reconfigure or fini. The names in `conf` that are no patterns are
 * there from now on, as absent. `lasting_fd` is for membership_new().
 */
int client_links_init(struct client_links *links, struct link_table *table,
	const struct relay_conf *conf, int lasting_fd);
void client_links_fini(struct client_links *links); /* before the table */

/* Another configuration: what is no longer meant is let go of, the rest looked at again. */
void client_links_reconfigure(struct client_links *links, const struct relay_conf *conf);

/* What the table's callbacks tell. */
void client_links_link_added(struct client_links *links, struct link *link);
void client_links_link_changed(struct client_links *links, struct link *link, unsigned what);
void client_links_link_removed(struct client_links *links, struct link *link);
void client_links_synced(struct client_links *links);
void client_links_addresses_changed(struct client_links *links, struct link *link);

/* How many of them are in this state. */
size_t client_links_count(const struct client_links *links, enum client_link_state state);

/* The client link that a message came in on, by ifindex; NULL: not client-facing. */
struct client_link *client_links_find(const struct client_links *links, int ifindex);
/*
 * The client link whose clients reach us by this link: itself, or the one below a macvlan,
 * whose MAC is VRRP's. NULL: there are none.
 */
struct client_link *client_links_find_facing(const struct client_links *links, int ifindex);
/* True for a link that clients are on: a client-facing one, or a macvlan on one. */
bool client_links_face(const struct link *link);
/* By name, absent ones too. */
struct client_link *client_links_find_name(const struct client_links *links, const char *name);
/* By the Interface-Id that it is given in Relay-forwards, absent ones too. */
struct client_link *client_links_find_interface_id(
	const struct client_links *links, const uint8_t *id, size_t len);
/* By the link-address that it forwards with now. */
struct client_link *client_links_find_address(
	const struct client_links *links, const struct in6_addr *link_address);

#endif
