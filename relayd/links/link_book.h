/* SPDX-License-Identifier: ISC */
/*
 * The client links that are known, there or not, as they are looked up: by name and by the
 * Interface-Id that their Relay-forwards bear.
 *
 * One whose link has gone stays for its counters, and so that a server's late answer is
 * known for what it is. Under ever new names that would have no end: beyond some thousands
 * the one that has been absent for longest is forgotten, unless the configuration names it.
 */
#ifndef NB6_RELAYD_LINKS_LINK_BOOK_H
#define NB6_RELAYD_LINKS_LINK_BOOK_H

#include <stddef.h>

#include "relayd/links/client_link.h"

struct link_book {
	struct client_link *first, **tail; /* in order of appearance */
	void *by_name, *by_interface_id;   /* tsearch(3) */
	size_t count;
	size_t n_absent;
};

void link_book_init(struct link_book *book);
void link_book_fini(struct link_book *book); /* frees the client links, not their macvlans */

/* NULL: there is none. */
struct client_link *link_book_find_name(const struct link_book *book, const char *name);
struct client_link *link_book_find_interface_id(
	const struct link_book *book, const uint8_t *id, size_t len);

/* The one of this name; a new one is absent. `host` is for Remote-IDs. NULL: no memory. */
struct client_link *link_book_get(
	struct link_book *book, const char *name, const struct relay_conf *conf, const char *host);
/* The same for each name in `conf` that is no pattern. Returns 0 or -ENOMEM. */
int link_book_await(struct link_book *book, const struct relay_conf *conf, const char *host);

/* The Interface-Ids may be others by a new configuration. */
void link_book_identify(struct link_book *book, const struct relay_conf *conf, const char *host);

/* Its link is there; its link has gone, which may be one too many. */
void link_book_appeared(struct link_book *book);
void link_book_gone(struct link_book *book, const struct relay_conf *conf);
/* Frees one that is absent. */
void link_book_forget(struct link_book *book, struct client_link *cl);

#endif
