/* SPDX-License-Identifier: ISC */
/*
 * RFC 9915 section 18.3, IA by IA: one function per type of message decides what becomes of the
 * binding and writes the IA of the answer. ia_answer_all() calls it for each IA, after
 * ia_choose() (ia_choice.c) has found the machine and the address of that IA. This file gives and
 * extends addresses; ia_release.c takes them back.
 */
#include "bootd/dhcp/ia_answer.h"

#include <errno.h>

#include "bootd/dhcp/answer.h"
#include "daemon/log.h"

int ia_put_status(struct ia_work *work, const struct dhcp6_ia_na *ia, uint16_t status)
{
	if (work->ia_nas == 0 || work->is_primary)
		work->status = status;
	answer_put_ia_status(work->out, DHCP6_OPT_IA_NA, ia->iaid, status);
	return 0;
}

bool ia_can_give(const struct ia_work *work)
{
	return work->has_machine && work->choice.given;
}

/* An IA_NA with the chosen address, not closed yet. */
static size_t open_address(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->choice;
	size_t ia_at = work->out->len, iaaddr_at;
	size_t mark = dhcp6_open_ia_na(work->out, ia->iaid, choice->t1_s, choice->t2_s);

	iaaddr_at = work->out->len;
	dhcp6_put_iaaddr(work->out, &choice->address, choice->preferred_s, choice->valid_s);
	work->given |= work->is_primary;
	work->address[work->addresses++] = *choice;
	if (work->is_promised)
		work->promise[work->promises++] = (struct promise){.machine = work->machine,
			.choice = *choice,
			.ia_at = ia_at,
			.iaaddr_at = iaaddr_at};
	return mark;
}

static int give(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	size_t mark = open_address(work, ia);

	if (work->is_primary)
		work->status = DHCP6_STATUS_SUCCESS;
	dhcp6_close_option(work->out, mark);
	return 0;
}

/*
 * Two clients with one DUID and IAID, such as cloned machines, are found by their peer-addresses
 * that alternate. One that changes once is a client that has a new link-local address.
 */
static void note_peer(struct ia_work *work, struct binding *binding)
{
	const struct in6_addr *address = &work->facts->peer_address;
	uint32_t peer = (address->s6_addr32[2] ^ address->s6_addr32[3] * 2654435761u) | 1;

	if (binding->is_mac || peer == binding->peer)
		return;
	if (peer == binding->other_peer && !binding->is_duplicate) {
		binding->is_duplicate = true;
		work->is_duplicate = true;
	}
	binding->other_peer = binding->peer;
	binding->peer = peer;
}

/* The machine's binding, with the chosen address and the identifiers of this message. */
struct binding *ia_hold(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct decision *decision = work->decision;
	struct binding *binding = binding_table_get(
		work->bindings, &decision->subnet->prefix, &work->machine, work->choice.scope);

	if (!binding)
		return NULL;
	binding_table_set_address(
		work->bindings, binding, &work->choice.address, work->choice.is_fixed);
	binding->declines = work->choice.counter;
	binding->mac_source = work->facts->mac_source;
	binding_set_duid(binding, &work->facts->duid);
	binding->iaid = ia->iaid;
	note_peer(work, binding);
	if (work->facts->archs > 0)
		binding->booted_ms = work->now_ms;
	return binding;
}

/*
 * While a shared store cannot be reached, a new lease cannot be stored. The Solicit is not answered
 * then, because another server may still reach the store.
 */
static bool cannot_keep(const struct ia_work *work)
{
	const struct address_choice *choice = &work->choice;
	const struct lease_store *store = work->leases->store;
	const struct binding *holder;

	if (!choice->is_lease || !store || !store->is_away)
		return false;
	holder = binding_table_find_address(work->bindings, &choice->address);
	return !holder || lease_journal_stored_s(holder, work->now_ms) == 0;
}

int ia_offer(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding;

	if (!ia_can_give(work))
		return ia_put_status(work, ia, DHCP6_STATUS_NO_ADDRS_AVAIL);
	if (cannot_keep(work))
		return -ENOTCONN;
	binding = ia_hold(work, ia);
	if (!binding)
		return -ENOMEM;
	/* A bound address stays bound: the client may not request the offer. */
	if (binding->state == BINDING_OFFERED)
		binding_table_set_state(
			work->bindings, binding, BINDING_OFFERED, work->now_ms, OFFER_HELD_S);
	return give(work, ia);
}

/* If the machine gets another address, the lease that it had is removed in the same commit. */
static void drop_other_lease(struct ia_work *work)
{
	const struct decision *decision = work->decision;
	const struct binding *binding = binding_table_find(
		work->bindings, &decision->subnet->prefix, &work->machine, work->choice.scope);

	if (binding && binding->is_lease &&
		!IN6_ARE_ADDR_EQUAL(&binding->address, &work->choice.address))
		lease_journal_drop(work->leases, binding);
}

void ia_put_lease(struct ia_work *work, struct binding *binding)
{
	binding_table_set_lease(work->bindings, binding, true);
	lease_journal_put(work->leases, binding, work->now_ms);
	work->is_change = true;
}

/* Would it change a binding that is being committed: the machine's, or the address's? */
static bool is_locked(const struct ia_work *work)
{
	const struct binding *own = binding_table_find(work->bindings,
		&work->decision->subnet->prefix, &work->machine, work->choice.scope);
	const struct binding *holder =
		binding_table_find_address(work->bindings, &work->choice.address);

	return lease_journal_is_locked(work->leases, own) ||
	       lease_journal_is_locked(work->leases, holder);
}

/*
 * Binds the chosen address to the machine for its valid lifetime. The binding of a stable address
 * that follows a Decline is kept for at least `least_s`, because it counts the Declines.
 */
static int bind_address(struct ia_work *work, const struct dhcp6_ia_na *ia, uint64_t least_s)
{
	const struct address_choice *choice = &work->choice;
	struct binding *binding;
	uint64_t held_s = choice->valid_s;

	if (choice->is_lease && is_locked(work))
		return -EINPROGRESS;
	if (choice->is_lease)
		drop_other_lease(work);
	binding = ia_hold(work, ia);
	if (!binding)
		return -ENOMEM;
	if (!choice->is_lease && binding->declines > 0 && held_s < least_s)
		held_s = least_s;
	binding_table_set_state(work->bindings, binding, BINDING_BOUND, work->now_ms, held_s);
	if (choice->is_lease) {
		ia_put_lease(work, binding);
		work->is_promised = true;
	}
	return 0;
}

/* Addresses that a Solicit names are only hints (section 18.3.1). */
int ia_commit(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int rc;

	if (!ia_can_give(work))
		return ia_put_status(work, ia, DHCP6_STATUS_NO_ADDRS_AVAIL);
	rc = bind_address(work, ia, DECLINE_HELD_S);
	return rc < 0 ? rc : give(work, ia);
}

int ia_assign(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int on_link, n = ia_count_addresses(work, ia, &on_link);

	if (n < 0)
		return n;
	if (on_link < n)
		return ia_put_status(work, ia, DHCP6_STATUS_NOT_ON_LINK);
	return ia_commit(work, ia);
}

/* Addresses that the client names and must no longer use get lifetimes of 0. */
static int put_stale_addresses(struct ia_work *work, const struct dhcp6_ia_na *ia,
	bool (*is_stale)(const struct ia_work *work, const struct in6_addr *address))
{
	struct wire_in options = ia->options;
	struct in6_addr address;
	int rc;

	while ((rc = ia_next_address(&options, &address)) > 0)
		if (!(ia_can_give(work) && IN6_ARE_ADDR_EQUAL(&address, &work->choice.address)) &&
			is_stale(work, &address))
			dhcp6_put_iaaddr(work->out, &address, 0, 0);
	return rc;
}

/*
 * Section 18.3.4: this server gave the client its addresses. Those of another prefix of its link
 * are not stale: the link is being renumbered, and they keep the lifetime that they have.
 */
static bool is_stale_to_renew(const struct ia_work *work, const struct in6_addr *address)
{
	return prefix_contains(&work->decision->subnet->prefix, address) ||
	       !ia_is_on_link(work, address);
}

/*
 * Section 18.3.5: another server may have given the address, so it is stale only if it is not of
 * this link, or if it is another machine's here.
 */
static bool is_stale_to_rebind(const struct ia_work *work, const struct in6_addr *address)
{
	const struct binding *holder = binding_table_find_address(work->bindings, address);
	const struct boot_host *host = boot_config_host_at(work->config, address);
	struct machine machine;

	if (!ia_is_on_link(work, address) || (host && host != work->decision->host))
		return true;
	if (!holder || holder->state == BINDING_OFFERED || holder->state == BINDING_EXPIRED)
		return false;
	machine = binding_machine(holder);
	return holder->is_detached || !machine_is_same(&machine, &work->decision->machine);
}

static int extend(struct ia_work *work, const struct dhcp6_ia_na *ia,
	bool (*is_stale)(const struct ia_work *work, const struct in6_addr *address))
{
	size_t mark;
	int rc = bind_address(work, ia, 0);

	if (rc < 0)
		return rc;
	mark = open_address(work, ia);
	rc = put_stale_addresses(work, ia, is_stale);
	dhcp6_close_option(work->out, mark);
	return rc;
}

int ia_renew(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	return ia_can_give(work) ? extend(work, ia, is_stale_to_renew)
				 : ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING);
}

/*
 * Does the server know the client's IA? It has a binding for it; or the IA names the address that
 * the machine has by computation or configuration; or an address of a pool that servers share,
 * whose store decides.
 */
static bool is_known(const struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct binding *binding = binding_table_find(work->bindings,
		&work->decision->subnet->prefix, &work->machine, work->choice.scope);
	const struct lease_store *store = work->leases->store;
	struct wire_in options = ia->options;
	struct in6_addr address;

	if (binding && binding->has_address && binding->state != BINDING_OFFERED)
		return true;
	if (!work->choice.is_lease)
		return ia_names(ia, &work->choice.address);
	while (store && store->is_shared && ia_next_address(&options, &address) > 0)
		if (address_pools_find(&work->bindings->pools, &address))
			return true;
	return false;
}

/*
 * An IA that the server does not know: addresses that do not belong to the link get lifetimes of 0;
 * if all belong to it, the status is NoBinding (section 18.3.5). Firmware gets NoBinding in any
 * case, because it hangs on an IA whose only address has a lifetime of 0.
 */
static int put_unknown(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int on_link, n = ia_count_addresses(work, ia, &on_link);
	size_t mark;

	if (n < 0)
		return n;
	if (n == on_link || work->facts->archs > 0)
		return ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	mark = dhcp6_open_ia_na(work->out, ia->iaid, 0, 0);
	n = put_stale_addresses(work, ia, is_stale_to_rebind);
	dhcp6_close_option(work->out, mark);
	return n;
}

/* No binding is made for a Rebind unless Rapid Commit is on (section 18.3.5). */
int ia_rebind(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	if (!ia_can_give(work))
		return ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	return work->config->rapid_commit || is_known(work, ia)
		       ? extend(work, ia, is_stale_to_rebind)
		       : put_unknown(work, ia);
}

static int answer_option(
	struct ia_work *work, const struct dhcp6_option *option, ia_answer_fn *answer)
{
	struct dhcp6_ia_na ia;
	int rc = dhcp6_get_ia_na(option->data, &ia); /* IA_PD begins alike */

	if (rc < 0)
		return rc;
	if (option->code == DHCP6_OPT_IA_PD) {
		answer_put_ia_status(work->out, DHCP6_OPT_IA_PD, ia.iaid, work->no_prefix);
	} else {
		ia_choose(work, &ia);
		rc = answer(work, &ia);
		work->ia_nas++;
	}
	work->ias++;
	return rc;
}

int ia_answer_all(struct ia_work *work, ia_answer_fn *answer)
{
	struct wire_in options = work->facts->options;
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option)) {
		int rc;

		if (option.code != DHCP6_OPT_IA_NA && option.code != DHCP6_OPT_IA_PD)
			continue;
		rc = answer_option(work, &option, answer);
		if (rc < 0)
			return rc;
	}
	return 0;
}
