/* SPDX-License-Identifier: ISC */
/*
 * The answer to each IA of a message (RFC 9915 section 18.3), and what the message does to the
 * binding. An IA_PD gets a status, because bootd delegates no prefixes. An IA_TA is not answered,
 * because RFC 9915 has made it obsolete.
 *
 * A message that changes a lease of a pool is answered when the change is committed to the lease
 * store: a lease that it gives, and also a Release or Decline. While a commit is in flight, a
 * message that would change a lease returns -EINPROGRESS and has changed nothing.
 */
#ifndef NB6_BOOTD_DHCP_IA_ANSWER_H
#define NB6_BOOTD_DHCP_IA_ANSWER_H

#include "bootd/dhcp/request.h"

/* The work on one message: filled in by the caller above the first line. */
struct ia_work {
	const struct boot_config *config;
	struct binding_table *bindings;
	struct lease_journal *leases;
	const struct client_facts *facts;
	const struct decision *decision;
	uint64_t now_ms;
	uint16_t no_prefix; /* the status of an IA_PD */
	struct wire_out *out;

	/* The results for the message. */
	unsigned ias, ia_nas; /* answered so far */
	uint16_t status;      /* of the primary IA, or of the first one */
	bool given;           /* decision->address is in the answer */
	bool is_duplicate;    /* another client uses its DUID and IAID, found just now */
	struct address_choice address[MACHINE_IAS_MAX]; /* all addresses in the answer */
	unsigned addresses;
	bool is_change; /* a lease is changed: commit it before the answer is sent */
	struct promise promise[MACHINE_IAS_MAX]; /* leases of them that are not committed yet */
	unsigned promises;

	/* The IA at hand, by ia_choose(). */
	bool is_primary, has_machine;
	struct machine machine;
	struct address_choice choice;
	bool is_promised;

	/* Private to ia_choice.c. */
	bool has_primary;
	unsigned numbers;
};

/* Which machine and address are the IA's: has_machine false: none. See ia_choice.c. */
void ia_choose(struct ia_work *work, const struct dhcp6_ia_na *ia);

/* The next address of an IA: 1; 0 at the end; or -EBADMSG. */
int ia_next_address(struct wire_in *options, struct in6_addr *address);
bool ia_names(const struct dhcp6_ia_na *ia, const struct in6_addr *address);

/* Is it of the client's subnet, or of another subnet with the same `link`? */
bool ia_is_on_link(const struct ia_work *work, const struct in6_addr *address);
/* How many addresses the IA names, and how many of them are on the link; or -EBADMSG. */
int ia_count_addresses(const struct ia_work *work, const struct dhcp6_ia_na *ia, int *on_link);

/*
 * For Confirm: how many addresses the message names in all its IA_NAs, and whether all of
 * them are on the link. Returns the number, or -EBADMSG.
 */
int ia_addresses_on_link(const struct ia_work *work, bool *on_link);

/* Writes the answer to one IA_NA. Returns 0; -EBADMSG, -ENOMEM, -EINPROGRESS,
 * -ENOTCONN: it is not to be answered. */
typedef int ia_answer_fn(struct ia_work *work, const struct dhcp6_ia_na *ia);

ia_answer_fn ia_offer;   /* Solicit */
ia_answer_fn ia_commit;  /* Solicit with Rapid Commit */
ia_answer_fn ia_assign;  /* Request */
ia_answer_fn ia_renew;   /* Renew */
ia_answer_fn ia_rebind;  /* Rebind */
ia_answer_fn ia_release; /* Release */
ia_answer_fn ia_decline; /* Decline */

/* All IAs of the message, in its order. Returns as they do. */
int ia_answer_all(struct ia_work *work, ia_answer_fn *answer);

/* --- shared by ia_answer.c and ia_release.c ------------------------------------------- */

/* Writes an IA_NA that has only a status. Returns 0. */
int ia_put_status(struct ia_work *work, const struct dhcp6_ia_na *ia, uint16_t status);
/* Does the IA have a machine and an address for it? */
bool ia_can_give(const struct ia_work *work);
/* The machine's binding, with the chosen address and this message's identifiers. NULL: no memory.
 */
struct binding *ia_hold(struct ia_work *work, const struct dhcp6_ia_na *ia);
/* The binding is a lease, whose new state is stored before the message is answered. */
void ia_put_lease(struct ia_work *work, struct binding *binding);

#endif
