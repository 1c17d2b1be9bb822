/* SPDX-License-Identifier: ISC */
/*
 * The running parts of bootd, as the views need them. boot_server.c owns the parts and keeps
 * these pointers current: a view reads them each time it is asked and keeps none of them.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_PARTS_H
#define NB6_BOOTD_VIEW_BOOT_PARTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket that is bound to one address, which may be assigned to this host or not yet. */
struct boot_listener {
	const char *service; /* "dhcp", "tftp", "http"... */
	struct sockaddr_in6 at;
	bool is_assigned; /* as last looked at */
};

enum { BOOT_LISTENERS_MAX = 40 };

struct boot_parts {
	const char *config_path;
	struct boot_config *config; /* in force */
	struct exchange *exchange;
	struct boot_progress *progress;
	struct host_directory *hosts;
	struct dhcp_service *dhcp;
	struct bulk_server *bulk;         /* NULL: no client may send a Leasequery */
	struct tftp_server *tftp;         /* NULL: no tftp section */
	struct http_files *http;          /* NULL: no http section */
	struct event_stream *page_events; /* NULL: no page section */
	struct boot_listener listener[BOOT_LISTENERS_MAX];
	size_t listeners;
	uint64_t started_ms;
	unsigned reloads, failed_reloads;
};

#endif
