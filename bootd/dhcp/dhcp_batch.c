/* SPDX-License-Identifier: ISC */
/*
 * Handle, commit, complete: read dhcp_batch_handle() first, then resume(), which does the same for
 * datagrams that had to wait.
 *
 * A pending request is copied out of its batch (pending.h), because the buffers of the datagram
 * and of the answer are used again by the next batch.
 */
#include "bootd/dhcp/dhcp_batch.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/loop.h"

enum {
	PENDING_OCTETS = 8 << 20, /* for some ten thousand datagrams */
	DEFERRED_BATCH = 512,     /* deferred datagrams in one commit */
	FAILING_EVERY_MS = 600 * 1000,
};

/* Of an answer, and of a commit, in seconds. */
static const double bounds_s[] = {
	1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1};

double dhcp_now_s(void)
{
	return (double)loop_now_us() / 1e6;
}

static void flush(struct dhcp_batch *batch)
{
	batch->counters.answered += batch->queue.answers;
	send_queue_flush(&batch->queue, batch->fd);
	batch->counters.send_failed = batch->queue.failed;
}

/* The answer is in a buffer of the send queue that is taken. */
static void finish(struct dhcp_batch *batch, const struct udp_datagram *datagram,
	const struct request *r, enum exchange_drop drop)
{
	if (drop == EXCHANGE_ANSWERED && batch->send_now(batch->send_arg, r))
		batch->counters.answered++;
	else if (drop == EXCHANGE_ANSWERED)
		send_queue_add(&batch->queue, datagram, &r->answer);
	else if (drop < EXCHANGE_DROPS)
		request_log_drop(r, drop);
}

/* Handles a datagram; an answer, pending or not, keeps its buffer of the send queue. */
static enum exchange_drop handle(struct dhcp_batch *batch, const struct udp_datagram *datagram,
	const struct arrived *arrived, struct request *r, unsigned retries, uint64_t now_ms)
{
	enum exchange_drop drop = exchange_retry(batch->exchange, r, &arrived->arrival,
		wire_in_of(datagram->data, datagram->len), now_ms, send_queue_buffer(&batch->queue),
		retries);

	if (drop == EXCHANGE_ANSWERED || drop == EXCHANGE_PENDING)
		send_queue_take(&batch->queue);
	finish(batch, datagram, r, drop);
	return drop;
}

/* --- commit ------------------------------------------------------------------------ */

static void report_commit(struct dhcp_batch *batch, int rc)
{
	const struct lease_journal *leases = &batch->exchange->leases;
	const char *name = leases->store ? leases->store->name : "";

	if (rc < 0)
		log_limited_with(&batch->failing_limit, LOG_LEVEL_ERROR,
			&(struct log_fields){.event = LOG_EVENT_LEASES_NOT_WRITABLE,
				.reason = lease_journal_error(leases)},
			"lease store %s not writable (%s): no new leases; existing leases are "
			"renewed until their stored expiry",
			name, lease_journal_error(leases));
	else if (batch->is_failing)
		log_notice("lease store %s writable again", name);
	if (rc == 0)
		batch->failing_limit = (struct log_limit){.every_ms = FAILING_EVERY_MS};
	batch->is_failing = rc < 0;
	if (batch->commit_began_s > 0) /* otherwise it was an operator's */
		histogram_add(&batch->counters.commit_s, dhcp_now_s() - batch->commit_began_s, 1);
	batch->commit_began_s = 0;
}

/* One transaction for all changes that were collected. True if it has ended already. */
static bool commit(struct dhcp_batch *batch, uint64_t now_ms)
{
	int rc;

	if (!lease_journal_has_changes(&batch->exchange->leases))
		return true;
	batch->commit_began_s = dhcp_now_s();
	rc = exchange_commit(batch->exchange, now_ms);
	if (rc == -EINPROGRESS)
		return false;
	report_commit(batch, rc);
	return true;
}

static void append_or_drop(
	struct dhcp_batch *batch, struct pending_list *list, struct pending *pending)
{
	static struct log_limit limit;

	if (pending) {
		pending_append(list, pending);
		return;
	}
	batch->counters.no_room++;
	log_limited(&limit, LOG_LEVEL_WARNING,
		"requests that wait for the lease store exceed %d MiB: further ones are not "
		"answered until it is ready; their clients retransmit",
		PENDING_OCTETS >> 20);
}

static void defer(struct dhcp_batch *batch, const struct udp_datagram *datagram,
	const struct arrived *arrived, unsigned retries)
{
	append_or_drop(
		batch, &batch->deferred, pending_new(&batch->memory, datagram, arrived, retries));
}

static void await_commit(struct dhcp_batch *batch, const struct udp_datagram *datagram,
	const struct arrived *arrived, const struct request *r)
{
	append_or_drop(batch, &batch->collecting,
		pending_of_request(&batch->memory, datagram, arrived, r));
}

/* The time from arrival to answer of a message whose answer leaves after its batch. */
static void add_late_answer(
	struct dhcp_batch *batch, const struct arrived *arrived, enum exchange_drop drop)
{
	if (drop == EXCHANGE_ANSWERED)
		histogram_add(&batch->counters.answer_s, dhcp_now_s() - arrived->received_s, 1);
}

/* The commit has ended: the request is answered or dropped, or deferred to be handled again. */
static enum exchange_drop complete(struct dhcp_batch *batch, const struct udp_datagram *datagram,
	const struct arrived *arrived, struct request *r, uint64_t now_ms)
{
	enum exchange_drop drop = exchange_complete(r, now_ms);

	finish(batch, datagram, r, drop);
	if (drop == EXCHANGE_RETRY)
		defer(batch, datagram, arrived, r->retries + 1);
	return drop;
}

/* The answer is copied to the send queue, because the block that holds it is freed. */
static void complete_all(struct dhcp_batch *batch, struct pending_list *list, uint64_t now_ms)
{
	struct pending *pending;

	while ((pending = pending_pop(list))) {
		struct exchange_answer *answer = &pending->request->answer;
		struct wire_out out;

		if (send_queue_is_full(&batch->queue))
			flush(batch);
		out = send_queue_buffer(&batch->queue);
		send_queue_take(&batch->queue);
		wire_put_bytes(&out, answer->out.buf, answer->out.len);
		answer->out = out;
		add_late_answer(batch, &pending->arrived,
			complete(batch, &pending->datagram, &pending->arrived, pending->request,
				now_ms));
		pending_free(&batch->memory, pending);
	}
}

static void handle_deferred(struct dhcp_batch *batch, uint64_t now_ms)
{
	struct pending_list deferred = batch->deferred;
	struct pending *pending;

	/* Datagrams that are deferred again go to the new list, not to the one that is being read.
	 */
	batch->deferred = (struct pending_list){0};
	for (int i = 0; i < DEFERRED_BATCH && (pending = pending_pop(&deferred)); i++) {
		struct request *r = &batch->slot[0].request;
		enum exchange_drop drop;

		if (send_queue_is_full(&batch->queue))
			flush(batch);
		drop = handle(
			batch, &pending->datagram, &pending->arrived, r, pending->retries, now_ms);
		add_late_answer(batch, &pending->arrived, drop);
		if (drop == EXCHANGE_PENDING)
			await_commit(batch, &pending->datagram, &pending->arrived, r);
		else if (drop == EXCHANGE_RETRY)
			defer(batch, &pending->datagram, &pending->arrived, pending->retries);
		pending_free(&batch->memory, pending);
	}
	pending_prepend(&batch->deferred, &deferred);
}

/* The commit of what was collected is in flight. */
static void wait_for_commit(struct dhcp_batch *batch)
{
	batch->committing = batch->collecting;
	batch->collecting = (struct pending_list){0};
}

/* While no commit is in flight: handles deferred datagrams and commits, until one is. */
static void resume(struct dhcp_batch *batch, uint64_t now_ms)
{
	do {
		handle_deferred(batch, now_ms);
		if (commit(batch, now_ms))
			complete_all(batch, &batch->collecting, now_ms);
		else
			wait_for_commit(batch);
	} while (!batch->exchange->leases.is_busy && batch->deferred.first);
}

void dhcp_batch_committed(struct dhcp_batch *batch, int rc, const bool *refused)
{
	uint64_t now_ms = loop_now_ms();

	exchange_committed(batch->exchange, rc, refused, now_ms);
	report_commit(batch, rc);
	complete_all(batch, &batch->committing, now_ms);
	resume(batch, now_ms);
	flush(batch);
}

/* The send queue is empty at the start, so each datagram finds a free buffer in it. */
static void handle_all(
	struct dhcp_batch *batch, const struct udp_datagram *datagram, int n, uint64_t now_ms)
{
	bool is_busy = batch->exchange->leases.is_busy, is_committed;
	int pending[DHCP_BATCH_MAX], waiting = 0;

	for (int i = 0; i < n; i++) {
		struct dhcp_slot *slot = &batch->slot[i];
		enum exchange_drop drop;

		if (!slot->is_served) {
			batch->counters.not_served++;
			continue;
		}
		drop = handle(batch, &datagram[i], &slot->arrived, &slot->request, 0, now_ms);
		if (drop == EXCHANGE_PENDING)
			pending[waiting++] = i;
		else if (drop == EXCHANGE_RETRY)
			defer(batch, &datagram[i], &slot->arrived, 1);
	}
	is_committed = !is_busy && commit(batch, now_ms);
	for (int k = 0; k < waiting; k++) {
		int i = pending[k];
		struct dhcp_slot *slot = &batch->slot[i];

		if (is_committed)
			complete(batch, &datagram[i], &slot->arrived, &slot->request, now_ms);
		else
			await_commit(batch, &datagram[i], &slot->arrived, &slot->request);
	}
	if (!is_busy && !is_committed)
		wait_for_commit(batch);
}

void dhcp_batch_handle(
	struct dhcp_batch *batch, const struct udp_datagram *datagram, int n, double began_s)
{
	uint64_t now_ms = loop_now_ms(), answered = batch->counters.answered;

	lease_journal_set_time(&batch->exchange->leases, now_ms, loop_unix_ms());
	handle_all(batch, datagram, n, now_ms);
	if (n > 0)
		batch->counters.datagrams += (unsigned)n;
	flush(batch);
	histogram_add(&batch->counters.answer_s, dhcp_now_s() - began_s,
		batch->counters.answered - answered);
	if (batch->deferred.first && !batch->exchange->leases.is_busy) {
		resume(batch, now_ms);
		flush(batch);
	}
}

size_t dhcp_batch_waiting(const struct dhcp_batch *batch)
{
	return batch->committing.count + batch->collecting.count + batch->deferred.count;
}

int dhcp_batch_init(struct dhcp_batch *batch, struct exchange *exchange, dhcp_send_now_fn *send_now,
	void *send_arg)
{
	*batch = (struct dhcp_batch){
		.exchange = exchange,
		.fd = -1,
		.send_now = send_now,
		.send_arg = send_arg,
		.slot = calloc(DHCP_BATCH_MAX, sizeof(*batch->slot)),
		.memory = {.max = PENDING_OCTETS},
		.failing_limit = {.every_ms = FAILING_EVERY_MS},
	};
	batch->counters.answer_s = batch->counters.commit_s = (struct histogram){
		.bound = bounds_s, .bounds = sizeof(bounds_s) / sizeof(bounds_s[0])};
	if (send_queue_init(&batch->queue, DHCP_BATCH_MAX) < 0 || !batch->slot)
		return -ENOMEM;
	return 0;
}

void dhcp_batch_fini(struct dhcp_batch *batch)
{
	pending_free_all(&batch->memory, &batch->committing);
	pending_free_all(&batch->memory, &batch->collecting);
	pending_free_all(&batch->memory, &batch->deferred);
	pending_memory_fini(&batch->memory);
	send_queue_fini(&batch->queue);
	free(batch->slot);
}
