/* SPDX-License-Identifier: ISC */
/*
 * Whose messages somebody wants to see: those of a MAC, a DUID, a link, an
 * address, or what is all of these.
 *
 * A message does not always show who its client is: a Reply has no MAC in
 * it. So a filter remembers on which link and at which address those
 * were that it has taken, and takes what comes from there or goes there.
 */
#ifndef NB6_RELAYD_VIEW_TRACE_FILTER_H
#define NB6_RELAYD_VIEW_TRACE_FILTER_H

#include <net/if.h>

#include "relayd/view/trace_message.h"

enum { TRACE_CLIENTS_KNOWN = 64 };

struct trace_filter {
	struct trace_filter *next; /* the relay's list */
	bool takes;                /* the message that is being told of */
	bool has_mac, has_address;
	uint8_t mac[DHCP6_MAC_LEN];
	struct dhcp6_duid duid; /* len 0: any */
	struct in6_addr address;
	char link[IFNAMSIZ]; /* "": any */
	struct {
		char link[IFNAMSIZ];
		struct in6_addr address;
	} known[TRACE_CLIENTS_KNOWN]; /* the last ones */
	unsigned n_known;
};

/*
 * From words "mac=...", "duid=...", "link=...", "address=...". Returns 0, or -EINVAL and
 * why, in the operator's words.
 */
int trace_filter_parse(
	struct trace_filter *filter, int n_words, char *const words[], char *why, size_t size);

/* `link` is the client's, "" where that is not known. Learns from what it takes. */
bool trace_filter_match(
	struct trace_filter *filter, const char *link, const struct trace_message *facts);

#endif
