/* SPDX-License-Identifier: ISC */
/*
 * The live page: the progress of every machine's boot in a browser. It has an HTTP server of its
 *own, apart from that of the boot files, which machines use:
 *
 *	/                     the page (page/page.html), one file that loads nothing from elsewhere
 *	/machines             JSON: the machines, the counters, and the id of the last event
 *	/machine?id=MACHINE   JSON: one machine with all its steps
 *	/events               each step as it is taken: page/event_stream.h
 *
 * It changes nothing. Everybody who can connect can read it, so by default it listens on the
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

/* `parts` is read at each request. Returns 0; or -errno, of bind() for example. */
int boot_page_new(struct boot_page **page, struct loop *loop, const struct boot_parts *parts,
	const struct sockaddr_in6 *at);
void boot_page_free(struct boot_page *page); /* NULL is fine */

/* A step was taken. */
void boot_page_step(
	struct boot_page *page, const struct boot_record *record, const struct boot_step *step);

/* Its stream of events, for its counters. */
struct event_stream *boot_page_events(const struct boot_page *page);

#endif
