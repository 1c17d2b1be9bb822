/* SPDX-License-Identifier: ISC */
/*
 * A batch of datagrams, in the order that keeps every promise: handle each datagram, commit the
 * leases of the whole batch once, complete the requests that wait for that commit, and send all
 * answers together. What to answer is decided in exchange.c.
 *
 * If the lease store takes time, only requests that promise a lease wait. They are in one of
 * three lists:
 *
 *	committing   with their answers, for the commit in flight: until dhcp_batch_committed()
 *	collecting   with their answers, for the commit after that
 *	deferred     as datagrams to handle again, because they would change a lease that is being
 *	             committed
 *
 * All other messages are answered meanwhile.
 */
#ifndef NB6_BOOTD_DHCP_DHCP_BATCH_H
#define NB6_BOOTD_DHCP_DHCP_BATCH_H

#include "bootd/dhcp/exchange.h"
#include "bootd/dhcp/pending.h"
#include "bootd/dhcp/send_queue.h"
#include "daemon/histogram.h"
#include "daemon/log.h"

enum { DHCP_BATCH_MAX = 64 };

/* A datagram of the batch. Its receiver fills in how it arrived. */
struct dhcp_slot {
	struct arrived arrived;
	bool is_served; /* false: by multicast on a link that is not served; it is not handled */
	struct request request;
};

/* Sends an answer at once, past the send queue. False: it cannot be sent so. */
typedef bool dhcp_send_now_fn(void *arg, const struct request *r);

/* Since the start. */
struct dhcp_counters {
	uint64_t datagrams;
	uint64_t not_served; /* by multicast on a link that is not in `listen` */
	uint64_t answered;
	uint64_t send_failed;
	uint64_t no_room;          /* dropped: too many wait for the lease store */
	struct histogram answer_s; /* of each answered message, from its arrival on */
	struct histogram commit_s; /* of the lease store */
};

struct dhcp_batch {
	struct exchange *exchange;
	int fd; /* sends the queue; the owner's */
	dhcp_send_now_fn *send_now;
	void *send_arg;
	struct send_queue queue;
	struct dhcp_slot *slot; /* DHCP_BATCH_MAX of them */
	struct pending_memory memory;
	struct pending_list committing, collecting, deferred;
	struct dhcp_counters counters;
	bool is_failing; /* the lease store */
	struct log_limit failing_limit;
	double commit_began_s; /* 0: the commit in flight is not ours */
};

/* Returns 0 or -ENOMEM; fini in any case. `exchange` is borrowed. */
int dhcp_batch_init(struct dhcp_batch *batch, struct exchange *exchange, dhcp_send_now_fn *send_now,
	void *send_arg);
void dhcp_batch_fini(struct dhcp_batch *batch);

/*
 * Handles n datagrams, which were received at `began_s` and whose arrivals are in the first n
 * slots, and sends their answers.
 */
void dhcp_batch_handle(
	struct dhcp_batch *batch, const struct udp_datagram *datagram, int n, double began_s);

/* The commit in flight has ended (lease_store.h): complete what waits for it, start the next. */
void dhcp_batch_committed(struct dhcp_batch *batch, int rc, const bool *refused);

/* The number of datagrams that wait for the lease store. */
size_t dhcp_batch_waiting(const struct dhcp_batch *batch);

/* The monotonic clock, in seconds. */
double dhcp_now_s(void);

#endif
