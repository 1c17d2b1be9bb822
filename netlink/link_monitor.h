/* SPDX-License-Identifier: ISC */
/*
 * Keeps a link table equal to what the kernel has, for as long as it lives.
 *
 *	1. init: subscribe to link and IPv6 address events, then dump both,
 *	   so that the owner starts with a whole picture;
 *	2. read, whenever the descriptor is readable: apply the events;
 *	3. events lost (the socket's buffer ran over): drain, dump, apply the
 *	   difference, sweep what is gone, say `synced`. A repair that does not
 *	   succeed at once (dumps interrupted again and again, no memory) is
 *	   tried again by the monitor's own timer: the owner need do nothing.
 *
 * Events come on one socket, dumps on another. Only the kernel is believed.
 */
#ifndef NB6_NETLINK_LINK_MONITOR_H
#define NB6_NETLINK_LINK_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/link_table.h"

struct mnl_socket;

struct link_monitor_options {
	/* Of the event socket, in bytes as for SO_RCVBUF. 0: 4 MiB, which holds some 3,600
	 * messages about new links (measured on 6.18); one that comes up makes several. */
	int receive_buffer;
};

struct link_monitor_counters {
	uint64_t events;   /* messages applied from the event socket */
	uint64_t overruns; /* times the kernel dropped events for want of room */
	uint64_t resyncs;  /* whole pictures obtained: 1 after init, 1 more for each repair */
	uint64_t interrupted_dumps; /* dumps that changed under way and were done again */
	uint64_t failed_dumps;      /* dumps refused, cut off or timed out; done again */
	uint64_t malformed;         /* messages skipped because they could not be decoded */
	uint64_t foreign; /* datagrams skipped because they did not come from the kernel */
};

enum link_monitor_state {
	LINK_MONITOR_DIRTY,       /* events were lost, or the first dump is still to come */
	LINK_MONITOR_CATCHING_UP, /* dumped; what was queued meanwhile is to be applied */
	LINK_MONITOR_WHOLE,
};

/* Embed it; all members are private, but for `counters`. */
struct link_monitor {
	struct link_monitor_counters counters;
	struct link_table *table;
	struct mnl_socket *events, *dumps;
	int epoll_fd, timer_fd;
	void *buffer;
	enum link_monitor_state state;
	bool waiting; /* for the timer, until the next repair */
};

/*
 * Opens the sockets and fills the table (callbacks are called; `synced` last).
 * `o` may be NULL: defaults. Returns 0 or -errno; after an error nothing is left
 * open. Where the kernel is so busy that no dump passed whole, returns 0 and
 * `synced` comes later, from link_monitor_read().
 */
int link_monitor_init(
	struct link_monitor *m, struct link_table *table, const struct link_monitor_options *o);

/* Leaves the table as it is. */
void link_monitor_fini(struct link_monitor *m);

/* Readable when link_monitor_read() has something to do; the monitor's own. */
int link_monitor_fd(const struct link_monitor *m);

/*
 * Apply what the kernel sent, a bounded number of messages per call: the
 * descriptor stays readable if there is more. Never blocks, but for a repair's dumps.
 *
 * Returns 0 where nothing waits any more, 1 where more may, or the -errno of a repair that did not succeed and will be tried again by itself
 * (-EAGAIN: dumps interrupted by changes each time), or of a socket that broke.
 */
int link_monitor_read(struct link_monitor *m);

/* False between a loss of events and its repair: something in the table may be out of date. */
bool link_monitor_is_whole(const struct link_monitor *m);

/*
 * What link_monitor_read() does with one datagram of events, without the
 * sockets: for tests and fuzzers. Malformed messages are counted and skipped.
 * Returns 0, or -ENOMEM (a repair is due).
 */
int link_monitor_feed(struct link_table *table, struct link_monitor_counters *counters,
	const void *buf, size_t len);

#endif
