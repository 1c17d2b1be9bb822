/* SPDX-License-Identifier: ISC */
/*
 * Filters of a trace: by MAC, DUID, link, address, or several of them, which must then all match.
 *
 * Not every message identifies its client: a Reply carries no MAC. So a filter remembers the link
 * and address of each client that it matched, and also matches later messages from or to there.
 */
#ifndef NB6_RELAYD_VIEW_TRACE_FILTER_H
#define NB6_RELAYD_VIEW_TRACE_FILTER_H

#include <net/if.h>

#include "relayd/view/trace_message.h"

enum { TRACE_CLIENTS_KNOWN = 64 };

struct trace_filter {
	struct trace_filter *next; /* in relay_trace.filters */
	bool matched;              /* the message being traced */
	bool has_mac, has_address;
	uint8_t mac[DHCP6_MAC_LEN];
	struct dhcp6_duid duid; /* len 0: any */
	struct in6_addr address;
	char link[IFNAMSIZ]; /* "": any */
	struct {
		char link[IFNAMSIZ];
		struct in6_addr address;
	} known[TRACE_CLIENTS_KNOWN]; /* the latest clients that matched, a ring */
	unsigned n_known;             /* counts up to TRACE_CLIENTS_KNOWN and on: where to write */
};

/*
 * Parse words "mac=...", "duid=...", "link=...", "address=...". Returns 0, or -EINVAL with a message
 * for the operator in `why`.
 */
int trace_filter_parse(
	struct trace_filter *filter, int n_words, char *const words[], char *why, size_t size);

/* `link` is the client's link, "" if it is not known. Remembers the client of a match. */
bool trace_filter_match(
	struct trace_filter *filter, const char *link, const struct trace_message *facts);

#endif
