/* SPDX-License-Identifier: ISC */
/*
 * Applies events to the link table and repairs the table after events were lost.
 *
 *	          dump and sweep            queue empty
 *	DIRTY ──────────────▶ CATCHING_UP ────────────▶ SYNCED   (`synced`)
 *	  ▲ ▲  failed: timer       │                      │
 *	  └─┴──────────────────────┴────── events lost ───┘
 *
 * Why the table converges to the kernel's state in every interleaving: Each message carries the
 * whole state of one key (a link, or an address of a link) or says that it was removed. The
 * kernel sends the message after the change, in the order of the changes. A dump is not a
 * snapshot: it reads one key after the other, each at a different time. Before the first key is
 * read, events are subscribed to, or after a loss the queue has been read until it was empty.
 *
 *   - A key that changes after that time has an event in the queue or on its way. The queue,
 *     applied after the dump, may set the key back to an older state for a while (an address
 *     that was deleted before the dump appears, because its RTM_NEWADDR was still queued). The
 *     event of the last change comes last and carries the kernel's state.
 *   - A key that does not change is as the dump read it, unless the walk of the dump skipped
 *     it. That happens only if the list being walked changed, which the kernel marks
 *     (NLM_F_DUMP_INTR). After such a dump nothing is swept, and the dump is repeated.
 *   - An address of an unknown link is ignored. The kernel reports a link before its addresses.
 *     Among events, an unknown link therefore means that events were lost and a repair is due.
 *     In a dump, which reads links first, it means that the link was created after that; its
 *     events, followed by those of its addresses, are in the queue.
 *   - Names are shared between keys: see table_free_name() in link_table.c.
 *
 * If events are lost meanwhile, all of this is repeated. The queue must be read until it is
 * empty first: until then the kernel silently drops every further event.
 *
 * Linux reports no event for one change: other flags for an address that stays tentative
 * (replaced while its link is down; seen on 6.18). It reports the address when it becomes
 * usable, and until then it is not used.
 */
#include "netlink/link_monitor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "netlink/link_decode.h"
#include "netlink/rtnl_socket.h"

enum {
	RECEIVE_BUFFER_DEFAULT = 4 * 1024 * 1024,
	DATAGRAMS_PER_READ = 512, /* takes some milliseconds; then other callbacks run */
	DUMPS_AT_ONCE = 4,        /* after so many interrupted dumps, retry by the timer */
	REPAIRS_AT_ONCE = 4,
	READS_AT_INIT = 64,
	RETRY_AFTER_MS = 200,
};

/* --- messages -------------------------------------------------------------- */

static int message_apply(struct link_table *table, struct link_monitor_counters *counters,
	const struct nlmsghdr *nlh)
{
	struct link_event event;

	if (link_decode(nlh, &event) < 0) {
		counters->malformed++;
		return 0;
	}
	return link_event_apply(&event, table);
}

int link_monitor_feed(struct link_table *table, struct link_monitor_counters *counters,
	const void *buf, size_t len)
{
	struct rtnl_messages messages = {.pos = buf, .left = len};
	const struct nlmsghdr *nlh;
	int err = 0;

	while (!err && (nlh = rtnl_messages_next(&messages))) {
		counters->events++;
		err = message_apply(table, counters, nlh);
	}
	if (!err && messages.left > 0)
		counters->malformed++;
	return err;
}

/* --- the repair timer     -------------------------------------------------- */

static void retry_later(struct link_monitor *m)
{
	struct itimerspec when = {.it_value.tv_nsec = RETRY_AFTER_MS * 1000000L};

	timerfd_settime(m->timer_fd, 0, &when, NULL);
	m->waiting = true;
}

/* Read the timer after it fired, so that it is no longer readable. No system call if not armed. */
static void retry_check(struct link_monitor *m)
{
	uint64_t fired;

	if (m->waiting && read(m->timer_fd, &fired, sizeof(fired)) == sizeof(fired))
		m->waiting = false;
}

/* --- dumps ----------------------------------------------------------------- */

static int dump_apply(const struct nlmsghdr *nlh, void *arg)
{
	struct link_monitor *m = arg;

	return message_apply(m->table, &m->counters, nlh);
}

static int dump_links(struct link_monitor *m)
{
	char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifinfomsg)) + 8]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifinfomsg *header;

	nlh->nlmsg_type = RTM_GETLINK;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnl_dump(m->dumps, nlh, m->buffer, dump_apply, m);
}

static int dump_addresses(struct link_monitor *m)
{
	char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifaddrmsg))]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifaddrmsg *header;

	nlh->nlmsg_type = RTM_GETADDR;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->ifa_family = AF_INET6;
	return rtnl_dump(m->dumps, nlh, m->buffer, dump_apply, m);
}

static void dumps_close(struct link_monitor *m)
{
	if (m->dumps)
		mnl_socket_close(m->dumps);
	m->dumps = NULL;
}

/* Links before addresses, because addresses are stored with their links. */
static int dump_once(struct link_monitor *m)
{
	int err = 0;

	if (!m->dumps)
		err = rtnl_socket_open(&m->dumps, 0);
	if (err)
		return err;
	link_table_mark_stale(m->table);
	err = dump_links(m);
	if (!err)
		err = dump_addresses(m);
	if (!err)
		link_table_sweep(m->table);
	return err;
}

static int dump_until_consistent(struct link_monitor *m)
{
	int err = -EAGAIN, i;

	for (i = 0; i < DUMPS_AT_ONCE; i++) {
		err = dump_once(m);
		if (err != -EINTR)
			break;
		m->counters.interrupted_dumps++;
		err = -EAGAIN;
	}
	if (err && err != -EAGAIN) {
		m->counters.failed_dumps++;
		dumps_close(m);
	}
	return err;
}

/* --- events ---------------------------------------------------------------- */

/* Returns 1 if more may be queued, 0 if the queue was empty, or -errno of a broken socket. */
static int drain(struct link_monitor *m)
{
	ssize_t len;
	int i;

	for (i = 0; i < DATAGRAMS_PER_READ; i++) {
		len = rtnl_socket_receive(m->events, m->buffer);
		if (len == -EAGAIN)
			return 0;
		if (len == -EPROTO) {
			m->counters.foreign++;
		} else if (len == -ENOBUFS) {
			m->counters.overruns++;
			m->state = LINK_MONITOR_DIRTY;
		} else if (len < 0) {
			return (int)len;
		} else if (link_monitor_feed(m->table, &m->counters, m->buffer, (size_t)len) < 0) {
			m->state = LINK_MONITOR_DIRTY;
		}
	}
	return 1;
}

int link_monitor_read(struct link_monitor *m)
{
	int err, i;

	retry_check(m);
	for (i = 0; i < REPAIRS_AT_ONCE; i++) {
		err = drain(m);
		if (err)
			return err;
		if (m->state == LINK_MONITOR_CATCHING_UP) {
			m->state = LINK_MONITOR_SYNCED;
			m->counters.resyncs++;
			link_table_synced(m->table);
		}
		if (m->state == LINK_MONITOR_SYNCED || m->waiting)
			return 0;
		err = dump_until_consistent(m);
		if (err)
			break;
		m->state = LINK_MONITOR_CATCHING_UP;
	}
	retry_later(m);
	return err ? err : -EAGAIN;
}

bool link_monitor_is_synced(const struct link_monitor *m)
{
	return m->state == LINK_MONITOR_SYNCED;
}

/* --- life ------------------------------------------------------------------ */

static int open_events(struct link_monitor *m, const struct link_monitor_options *o)
{
	int size = o && o->receive_buffer ? o->receive_buffer : RECEIVE_BUFFER_DEFAULT;
	int err = rtnl_socket_open(&m->events, SOCK_NONBLOCK);

	if (!err)
		err = rtnl_socket_set_receive_buffer(m->events, size);
	if (!err)
		err = rtnl_socket_join(m->events, RTNLGRP_LINK);
	if (!err)
		err = rtnl_socket_join(m->events, RTNLGRP_IPV6_IFADDR);
	if (!err)
		err = rtnl_socket_join(m->events, RTNLGRP_IPV6_IFINFO);
	return err;
}

/* One descriptor for both: the event socket and the repair timer. */
static int open_descriptor(struct link_monitor *m)
{
	struct epoll_event readable = {.events = EPOLLIN};

	m->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (m->timer_fd < 0)
		return -errno;
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, m->timer_fd, &readable) < 0 ||
		epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, mnl_socket_get_fd(m->events), &readable) < 0)
		return -errno;
	return 0;
}

static int first_sync(struct link_monitor *m)
{
	int err = 0, i;

	for (i = 0; i < READS_AT_INIT && !err && m->state != LINK_MONITOR_SYNCED; i++)
		err = link_monitor_read(m);
	return err == -EAGAIN ? 0 : err;
}

int link_monitor_init(
	struct link_monitor *m, struct link_table *table, const struct link_monitor_options *o)
{
	int err;

	*m = (struct link_monitor){
		.table = table, .state = LINK_MONITOR_DIRTY, .epoll_fd = -1, .timer_fd = -1};
	m->buffer = malloc(RTNL_BUFFER_SIZE);
	if (!m->buffer)
		return -ENOMEM;
	err = open_events(m, o);
	if (!err)
		err = open_descriptor(m);
	if (!err)
		err = first_sync(m);
	if (err)
		link_monitor_fini(m);
	return err;
}

void link_monitor_fini(struct link_monitor *m)
{
	if (m->epoll_fd >= 0)
		close(m->epoll_fd);
	if (m->timer_fd >= 0)
		close(m->timer_fd);
	dumps_close(m);
	if (m->events)
		mnl_socket_close(m->events);
	m->events = NULL;
	m->epoll_fd = m->timer_fd = -1;
	free(m->buffer);
	m->buffer = NULL;
}

int link_monitor_snapshot(struct link_table *table)
{
	struct link_monitor monitor;
	int rc = link_table_init(table, NULL, NULL);

	if (rc < 0)
		return rc;
	rc = link_monitor_init(&monitor, table, NULL);
	if (rc < 0)
		link_table_fini(table);
	else
		link_monitor_fini(&monitor);
	return rc;
}

int link_monitor_fd(const struct link_monitor *m)
{
	return m->epoll_fd;
}
