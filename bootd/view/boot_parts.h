/* SPDX-License-Identifier: ISC */
/*
 * The running parts of bootd, as the views need them. boot_server.c owns the parts and keeps
 * these pointers current: a view reads them each time it is asked and keeps none of them.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_PARTS_H
#define NB6_BOOTD_VIEW_BOOT_PARTS_H

#include <stdint.h>

struct boot_parts {
	const char *config_path;
	struct boot_config *config; /* in force */
	struct exchange *exchange;
	struct boot_progress *progress;
	struct host_directory *hosts;
	struct dhcp_service *dhcp;
	struct bulk_server *bulk;         /* NULL: no client may send a Leasequery */
	struct tftp_server *tftp;         /* NULL: no tftp section */
	struct http_server *http;         /* NULL: no http section */
	struct event_stream *page_events; /* NULL: no page section */
	uint64_t started_ms;
	unsigned reloads, failed_reloads;
};

#endif
