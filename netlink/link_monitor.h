/* SPDX-License-Identifier: ISC */
/*
 * Keeps a link table equal to the kernel's links and IPv6 addresses.
 *
 *	1. init: subscribe to link and IPv6 address events, then dump both, so that the owner
 *	   starts with a complete table;
 *	2. read, whenever the descriptor is readable: apply the events;
 *	3. events lost (the receive buffer of the socket was full): read the queue until it is
 *	   empty, dump, apply the differences, remove what no longer exists, call `synced`. If a
 *	   repair does not succeed at once (dumps interrupted repeatedly, no memory), the
 *	   monitor's own timer tries again: the owner does nothing.
 *
 * Events come on one socket, dumps on another. Messages that the kernel did not send are ignored.
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
	uint64_t events;   /* messages received on the event socket */
	uint64_t overruns; /* times the kernel dropped events because the buffer was full */
	uint64_t resyncs;  /* completed synchronisations: 1 after init, 1 more for each repair */
	uint64_t interrupted_dumps; /* repeated because something changed during the dump */
	uint64_t failed_dumps;      /* refused, truncated or timed out; repeated */
	uint64_t malformed;         /* messages skipped because they could not be decoded */
	uint64_t foreign; /* datagrams skipped because they did not come from the kernel */
};

enum link_monitor_state {
	LINK_MONITOR_DIRTY,       /* events were lost, or there was no dump yet */
	LINK_MONITOR_CATCHING_UP, /* dumped; events queued meanwhile are not applied yet */
	LINK_MONITOR_SYNCED,
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
 * Opens the sockets and fills the table (callbacks are called; `synced` last). `o` may be NULL:
 * defaults. Returns 0 or -errno; after an error nothing is left open. If every dump was
 * interrupted, returns 0, and link_monitor_read() calls `synced` later.
 */
int link_monitor_init(
	struct link_monitor *m, struct link_table *table, const struct link_monitor_options *o);

/*
 * Fill an uninitialised table with the links and addresses of this moment, without following
 * them. Returns 0, or -errno and there is no table. Release it by link_table_fini().
 */
int link_monitor_snapshot(struct link_table *table);

/* Leaves the table as it is. */
void link_monitor_fini(struct link_monitor *m);

/* Readable when link_monitor_read() has something to do; the monitor's own. */
int link_monitor_fd(const struct link_monitor *m);

/*
 * Apply queued events, a bounded number per call: the descriptor stays readable if there are
 * more. Does not block, except for the dumps of a repair.
 *
 * Returns 0 if the queue is empty, 1 if more may be queued, or -errno: of a repair that failed
 * and that the timer repeats (-EAGAIN: each dump was interrupted), or of a broken socket.
 */
int link_monitor_read(struct link_monitor *m);

/* False between a loss of events and its repair: the table may then be out of date. */
bool link_monitor_is_synced(const struct link_monitor *m);

/*
 * Apply one datagram of events, as link_monitor_read() does: for tests and fuzzers. Malformed
 * messages are counted and skipped.
 * Returns 0, or -ENOMEM (a repair is due).
 */
int link_monitor_feed(struct link_table *table, struct link_monitor_counters *counters,
	const void *buf, size_t len);

#endif
