/* SPDX-License-Identifier: ISC */
/*
 * The answer to each IA of a message, and what the message does to the binding.
 *
 * A machine has one address per subnet. Its first IA_NA gets it, with whatever IAID;
 * any further one in the same message gets a status, and so does each IA_PD (no
 * prefixes are delegated). IA_TA is obsolete and left out.
 *
 * A message that changes a lease of a pool is answered when the change is committed to the lease
 * store: a lease that it gives, and also a Release or Decline. While a commit is in flight, a
 * message that would change a lease returns -EINPROGRESS and has changed nothing.
 */
#ifndef NB6_BOOTD_DHCP_IA_ANSWER_H
#define NB6_BOOTD_DHCP_IA_ANSWER_H

#include "bootd/dhcp/request.h"

/* The work on one message: filled in by the caller above the line, by the answers below. */
struct ia_work {
	struct binding_table *bindings;
	struct lease_journal *leases;
	const struct client_facts *facts;
	const struct decision *decision;
	uint64_t now_ms;
	uint16_t no_prefix; /* the status of an IA_PD */
	struct wire_out *out;

	bool is_change;          /* a lease is changed: commit it before the answer is sent */
	bool is_promise;         /* the answer gives that lease */
	size_t ia_at, iaaddr_at; /* where the address's IA_NA and IA Address are in `out` */
	unsigned ias, ia_nas;    /* answered so far */
	bool given;              /* the address is in the answer */
	uint16_t status;         /* the first IA_NA's */
};

/* Writes the answer to one IA_NA. Returns 0; -EBADMSG, -ENOMEM, -EINPROGRESS,
 * -ENOTCONN: it is not to be answered. */
typedef int ia_answer_fn(struct ia_work *work, const struct dhcp6_ia_na *ia);

ia_answer_fn ia_offer;   /* Solicit */
ia_answer_fn ia_commit;  /* Solicit with Rapid Commit */
ia_answer_fn ia_assign;  /* Request */
ia_answer_fn ia_renew;   /* Renew, Rebind */
ia_answer_fn ia_release; /* Release */
ia_answer_fn ia_decline; /* Decline */

/* All IAs of the message, in its order. Returns as they do. */
int ia_answer_all(struct ia_work *work, ia_answer_fn *answer);

/*
 * For Confirm: how many addresses the message names in all its IA_NAs, and whether all of
 * them are inside `prefix`. Returns the number, or -EBADMSG.
 */
int ia_addresses_on_link(
	const struct client_facts *facts, const struct prefix *prefix, bool *on_link);

#endif
