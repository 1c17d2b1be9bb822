/* SPDX-License-Identifier: ISC */
/*
 * The live page: every machine's boot as it happens, in a browser. An HTTP server of its own,
 * never that of the boot files, where machines and not people ask:
 *
 *	/                     the page (page/page.html), one file without anything from elsewhere
 *	/machines             JSON: the machines, the counters, and the id of the last event
 *	/machine?id=MACHINE   JSON: one machine with all its steps
 *	/events               each step as it is taken: page/event_stream.h
 *
 * It changes nothing. Everybody who can connect can read it: by default it listens on the
 * loopback only.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_PAGE_H
#define NB6_BOOTD_VIEW_BOOT_PAGE_H

#include <netinet/in.h>

#include "bootd/progress/boot_progress.h"

struct event_stream;
struct boot_page;
struct boot_parts;
struct loop;

/* `parts` is read when somebody asks. Returns 0 or -errno of bind() and such. */
int boot_page_new(struct boot_page **page, struct loop *loop, const struct boot_parts *parts,
	const struct sockaddr_in6 *at);
void boot_page_free(struct boot_page *page); /* NULL is fine */

/* A step was taken. */
void boot_page_step(
	struct boot_page *page, const struct boot_record *record, const struct boot_step *step);

/* Its stream of events, for its counters. */
struct event_stream *boot_page_events(const struct boot_page *page);

#endif
