/* SPDX-License-Identifier: ISC */
/*
 * The set of client-facing links: those whose names match the configured `interfaces`.
 *
 * The owner of the link table passes its callbacks on to the functions here. When a link
 * matches, the relay joins ff02::1:2 on it and gives it a client_link. A macvlan above such a
 * link belongs to VRRP and is part of the client link: its addresses count, but ff02::1:2 is
 * not joined on it, because each message would then be relayed twice.
 *
 * The kernel drops memberships without an event when it destroys a link's IPv6 (an MTU below
 * 1280, a move to another namespace); the relay would then receive nothing on a link that looks
 * healthy. Memberships are therefore compared with the kernel's list whenever a link's MTU or
 * IPv6 changed, after events were lost, at the start, and once a minute.
 */
#ifndef NB6_RELAYD_LINKS_CLIENT_LINKS_H
#define NB6_RELAYD_LINKS_CLIENT_LINKS_H

#include <stddef.h>

#include "netlink/ipv6_query.h"
#include "netlink/link_table.h"
#include "netlink/membership.h"
#include "relayd/links/client_link.h"
#include "relayd/links/link_registry.h"

/* Called after the state or the link-address of a client link changed. */
typedef void client_link_changed_fn(void *arg, const struct client_link *cl,
	enum client_link_state before, const struct in6_addr *address_before);

struct client_links {
	struct link_table *table;
	const struct relay_conf *conf;
	struct membership *membership;
	struct ipv6_query *query;
	unsigned vrf_version; /* changes when a client link appears, goes, or changes its VRF */
	uint64_t rejoined; /* memberships that the kernel had dropped and that were joined again */
	struct link_registry registry;
	bool synced;       /* the first dump is complete: log and report changes from now on */
	size_t n_macvlans; /* in the whole link table */
	char host[65];     /* the host name, for %h in Interface-Id, Remote-ID, Subscriber-ID */
	client_link_changed_fn *changed; /* called once synced; may be NULL */
	void *changed_arg;
};

/*
 * Returns 0 or -ENOMEM. `table` may still be empty. `conf` is borrowed until the next
 * commit or fini. Plain names in `interfaces` exist as absent client links from now on.
 * `lasting_fd` is for membership_new().
 */
int client_links_init(struct client_links *links, struct link_table *table,
	const struct relay_conf *conf, int lasting_fd);
void client_links_fini(struct client_links *links); /* before the table */

/*
 * Another configuration, in two steps. `prepare` allocates all that the links which now match need,
 * and changes nothing in use: returns 0, or -ENOMEM with nothing to cancel. Then either `commit`
 * serves these links, stops serving those that no longer match and updates the others, which cannot
 * fail; or `cancel` frees what was prepared. `conf` is borrowed from the commit on.
 */
int client_links_prepare(struct client_links *links, const struct relay_conf *conf);
void client_links_commit(struct client_links *links, const struct relay_conf *conf);
void client_links_cancel(struct client_links *links);

/* The callbacks of the link table. */
void client_links_link_added(struct client_links *links, struct link *link);
void client_links_link_changed(struct client_links *links, struct link *link, unsigned what);
void client_links_link_removed(struct client_links *links, struct link *link);
void client_links_synced(struct client_links *links);
void client_links_addresses_changed(struct client_links *links, struct link *link);

/*
 * Compare the memberships of ff02::1:2 with the kernel's list and join again where the kernel
 * has dropped one. The events that usually accompany this call it for one link; the owner calls
 * it every CLIENT_LINKS_CHECK_MS for all, because no event is guaranteed.
 */
enum { CLIENT_LINKS_CHECK_MS = 60000 };
void client_links_check_memberships(struct client_links *links);

/*
 * Messages of the client links in this VRF cannot be received for this reason (errno); 0: they
 * can.
 */
void client_links_set_vrf_error(struct client_links *links, int vrf_ifindex, int error);

/* The number of client links in this state. */
size_t client_links_count(const struct client_links *links, enum client_link_state state);

/* The client link with this ifindex; NULL: the link is not client-facing. */
struct client_link *client_links_find(const struct client_links *links, int ifindex);
/* The same for a link of the table. */
struct client_link *client_links_of(const struct link *link);
/*
 * The client link whose clients are reached by this link: the link itself, or the client link
 * below it if it is a VRRP macvlan. NULL: neither.
 */
struct client_link *client_links_find_facing(const struct client_links *links, int ifindex);
/* True for a client-facing link and for a macvlan above one. */
bool client_links_is_facing(const struct link *link);
/* By name; also finds absent links. */
struct client_link *client_links_find_name(const struct client_links *links, const char *name);
/* By the Interface-Id in its Relay-forwards; also finds absent links. */
struct client_link *client_links_find_interface_id(
	const struct client_links *links, const uint8_t *id, size_t len);
/* By its current link-address. */
struct client_link *client_links_find_address(
	const struct client_links *links, const struct in6_addr *link_address);

/* --- private: between the files client_links*.c -------------------------------------------- */

/* Evaluate the link again, log and report what changed. */
void client_links_update(struct client_links *links, struct client_link *cl);
/* True if the configuration makes the link client-facing. */
bool client_links_is_wanted(const struct relay_conf *conf, const struct link *link);
/* Give a link without a role the one that it should have; take the role away. */
void client_links_attach(struct client_links *links, struct link *link);
void client_links_detach(struct client_links *links, struct link *link);
/* Take the links of the table from a client link, without an update. */
void client_links_release(struct client_link *cl);
/* Join and leave ff02::1:2. A failure is noted in the client link. */
void client_links_join(struct client_links *links, struct client_link *cl);
void client_links_leave(struct client_links *links, struct client_link *cl);
/* For one link that is present: join again if the kernel does not list it as a member. */
void client_links_check_membership(struct client_links *links, struct client_link *cl);
/* Ask whether IPv6 is disabled on the link. */
void client_links_check_ipv6(struct client_links *links, struct client_link *cl);
void client_links_warn_of_shared_address(
	const struct client_links *links, const struct client_link *cl);

#endif
