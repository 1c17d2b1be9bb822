/* SPDX-License-Identifier: ISC */
/*
 * The DHCPv6 server without its socket: from the octets of a datagram to the octets of the
 * answer:
 *
 *	datagram -> relays, message, client facts -> decision (decision.h)
 *	         -> answer by type of message (message_types.c), wrapped in the same relays
 *
 * It works on octets and a given time, and does no I/O except through the lease store, so the
 * tests and the fuzzer run exactly what ships.
 *
 * A promise is stored before it is sent. If an answer gives a lease of a pool,
 * exchange_handle() returns EXCHANGE_PENDING with the answer already encoded. The caller
 * handles the rest of its batch, calls exchange_commit() once, and then
 * exchange_complete() for each pending request, which says whether to send that answer. If the
 * store cannot be written, a lease that it has is promised until its stored expiry, and a new one
 * is not given.
 *
 * If the store answers later (exchange_commit() returns -EINPROGRESS), pending requests wait
 * until the caller calls exchange_committed(). Meanwhile messages that change leases return
 * EXCHANGE_RETRY and have changed nothing; all others are answered. The caller hands
 * them to exchange_retry() after the commit.
 */
#ifndef NB6_BOOTD_DHCP_EXCHANGE_H
#define NB6_BOOTD_DHCP_EXCHANGE_H

#include "bootd/dhcp/request.h"

/* Returns 0 or -ENOMEM. `config` is borrowed. */
int exchange_init(struct exchange *exchange, const struct boot_config *config);
void exchange_fini(struct exchange *exchange);

/*
 * Another configuration: prepare builds its address pools and changes nothing in force; it returns
 * 0 or -ENOMEM. Then commit, which cannot fail, or cancel. exchange_set_config() does both.
 */
int exchange_prepare_config(struct exchange *exchange, const struct boot_config *config);
void exchange_commit_config(struct exchange *exchange, const struct boot_config *config);
void exchange_cancel_config(struct exchange *exchange);
int exchange_set_config(struct exchange *exchange, const struct boot_config *config);

/*
 * Handles one datagram. *r is filled in, and borrows `datagram`, what *arrival points to, and
 * the buffer `out`, in which the answer is written.
 *
 * Returns EXCHANGE_ANSWERED: send r->answer; EXCHANGE_PENDING, EXCHANGE_RETRY: see above;
 * or why there is no answer.
 */
enum exchange_drop exchange_handle(struct exchange *exchange, struct request *r,
	const struct arrival *arrival, struct wire_in datagram, uint64_t now_ms,
	struct wire_out out);

/* The same for a message that returned EXCHANGE_RETRY `retries` times; it is not counted again. */
enum exchange_drop exchange_retry(struct exchange *exchange, struct request *r,
	const struct arrival *arrival, struct wire_in datagram, uint64_t now_ms,
	struct wire_out out, unsigned retries);

/*
 * Moves a pending request out of its batch: from now on it borrows copies of its datagram,
 * arrival and answer, which the caller has made.
 */
void request_move(struct request *to, const struct request *from, const struct arrival *arrival,
	struct wire_in datagram, struct wire_out answer);

/*
 * Stores what the batch has changed. Returns 0 (also if there is nothing to store) or -errno;
 * -EINPROGRESS: call exchange_committed() when the store reports the result (lease_store.h).
 */
int exchange_commit(struct exchange *exchange, uint64_t now_ms);
void exchange_committed(struct exchange *exchange, int rc, const bool *refused, uint64_t now_ms);

/*
 * After the commit: EXCHANGE_ANSWERED, send r->answer; DROP_NOT_STORED; or EXCHANGE_RETRY, if
 * the store has refused the lease or the configuration has changed meanwhile.
 */
enum exchange_drop exchange_complete(struct request *r, uint64_t now_ms);

#endif
