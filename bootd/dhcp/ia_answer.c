/* SPDX-License-Identifier: ISC */
/*
 * RFC 9915 section 18.3, IA by IA: one function per type of message decides what becomes of the
 * binding and writes the IA of the answer. ia_answer_all() calls it for each IA, after
 * ia_choose() (ia_choice.c) has found the machine and the address of that IA.
 */
#include "bootd/dhcp/ia_answer.h"

#include <errno.h>

#include "bootd/dhcp/answer.h"
#include "daemon/log.h"

static int put_status(struct ia_work *work, const struct dhcp6_ia_na *ia, uint16_t status)
{
	if (work->ia_nas == 0 || work->is_primary)
		work->status = status;
	answer_put_ia_status(work->out, DHCP6_OPT_IA_NA, ia->iaid, status);
	return 0;
}

static bool can_give(const struct ia_work *work)
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
static struct binding *hold(struct ia_work *work, const struct dhcp6_ia_na *ia)
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

/* A new lease cannot be stored while the store is away: another server may reach it and answer. */
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

	if (!can_give(work))
		return put_status(work, ia, DHCP6_STATUS_NO_ADDRS_AVAIL);
	if (cannot_keep(work))
		return -ENOTCONN;
	binding = hold(work, ia);
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

static void put_lease(struct ia_work *work, struct binding *binding)
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

/* The machine has the address now: for its valid lifetime, or at least for so long. */
static int bind_address(struct ia_work *work, const struct dhcp6_ia_na *ia, uint64_t least_s)
{
	const struct address_choice *choice = &work->choice;
	struct binding *binding;
	uint64_t held_s = choice->valid_s;

	if (choice->is_lease && is_locked(work))
		return -EINPROGRESS;
	if (choice->is_lease)
		drop_other_lease(work);
	binding = hold(work, ia);
	if (!binding)
		return -ENOMEM;
	if (!choice->is_lease && binding->declines > 0 && held_s < least_s)
		held_s = least_s;
	binding_table_set_state(work->bindings, binding, BINDING_BOUND, work->now_ms, held_s);
	if (choice->is_lease) {
		put_lease(work, binding);
		work->is_promised = true;
	}
	return 0;
}

/* Addresses that a Solicit names are hints only. */
int ia_commit(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int rc;

	if (!can_give(work))
		return put_status(work, ia, DHCP6_STATUS_NO_ADDRS_AVAIL);
	rc = bind_address(work, ia, DECLINE_HELD_S);
	return rc < 0 ? rc : give(work, ia);
}

int ia_assign(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int on_link, n = ia_count_addresses(work, ia, &on_link);

	if (n < 0)
		return n;
	if (on_link < n)
		return put_status(work, ia, DHCP6_STATUS_NOT_ON_LINK);
	return ia_commit(work, ia);
}

/* Addresses that the client has and must not use any more get lifetimes of 0. */
static int put_stale_addresses(struct ia_work *work, const struct dhcp6_ia_na *ia,
	bool (*is_stale)(const struct ia_work *work, const struct in6_addr *address))
{
	struct wire_in options = ia->options;
	struct in6_addr address;
	int rc;

	while ((rc = ia_next_address(&options, &address)) > 0)
		if (!(can_give(work) && IN6_ARE_ADDR_EQUAL(&address, &work->choice.address)) &&
			is_stale(work, &address))
			dhcp6_put_iaaddr(work->out, &address, 0, 0);
	return rc;
}

/*
 * Section 18.3.4: the client got its addresses from us. Those of another prefix of its link, which
 * is being renumbered, end with the lifetime that they have.
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
	return can_give(work) ? extend(work, ia, is_stale_to_renew)
			      : put_status(work, ia, DHCP6_STATUS_NO_BINDING);
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
 * An IA of a client that is not known: what is not of the link ends, for the rest NoBinding.
 * Firmware gets NoBinding in any case, because it hangs on an address with a lifetime of 0 alone.
 */
static int put_unknown(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	int on_link, n = ia_count_addresses(work, ia, &on_link);
	size_t mark;

	if (n < 0)
		return n;
	if (n == on_link || work->facts->archs > 0)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	mark = dhcp6_open_ia_na(work->out, ia->iaid, 0, 0);
	n = put_stale_addresses(work, ia, is_stale_to_rebind);
	dhcp6_close_option(work->out, mark);
	return n;
}

/* No binding is made for a Rebind unless Rapid Commit is on (section 18.3.5). */
int ia_rebind(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	if (!can_give(work))
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	return work->config->rapid_commit || is_known(work, ia)
		       ? extend(work, ia, is_stale_to_rebind)
		       : put_unknown(work, ia);
}

static bool is_of_client(const struct ia_work *work, const struct binding *binding)
{
	struct machine machine = binding_machine(binding);

	return !binding->is_detached && binding->state != BINDING_REGISTERED &&
	       prefix_equal(&binding->subnet, &work->decision->subnet->prefix) &&
	       machine_is_same(&machine, &work->decision->machine);
}

/* The machine's binding whose address the IA names. */
static struct binding *named_binding(const struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct wire_in options = ia->options;
	struct in6_addr address;

	while (ia_next_address(&options, &address) > 0) {
		struct binding *binding = binding_table_find_address(work->bindings, &address);

		if (binding && is_of_client(work, binding))
			return binding;
	}
	return NULL;
}

/* Some of a firmware's messages have no architecture, and GRUB's have none. */
static bool is_booting(const struct ia_work *work, const struct binding *binding)
{
	return work->facts->archs > 0 ||
	       (binding->booted_ms > 0 &&
		       work->now_ms - binding->booted_ms < BOOT_LIFETIME_S * UINT64_C(1000));
}

/*
 * A system that releases its address stops using it (section 18.3.7): it is free at once. A stable
 * address that follows a Decline stays held, because the binding counts the Declines.
 */
static int free_released(struct ia_work *work, struct binding *binding)
{
	if (binding->is_lease) {
		binding_table_set_state(
			work->bindings, binding, BINDING_RELEASED, work->now_ms, OFFER_HELD_S);
		lease_journal_drop(work->leases, binding);
		work->is_change = true;
	} else if (binding->declines == 0) {
		binding_table_remove(work->bindings, binding);
	}
	return 0;
}

/*
 * What firmware releases, its boot loader goes on to use, so it stays held for the machine.
 *
 * Firmware releases under one DUID and IAID an address that it, or the next boot stage, has
 * requested under another one meanwhile: only a Release by the last requester counts.
 */
int ia_release(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding = named_binding(work, ia);
	uint64_t left_ms;

	if (!binding)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	if (binding->iaid != ia->iaid || !binding_has_duid(binding, &work->facts->duid))
		return 0;
	if (binding->is_lease && lease_journal_is_locked(work->leases, binding))
		return -EINPROGRESS;
	if (!is_booting(work, binding))
		return free_released(work, binding);
	left_ms = binding->expires_ms > work->now_ms ? binding->expires_ms - work->now_ms : 0;
	binding_table_set_state(
		work->bindings, binding, BINDING_RELEASED, work->now_ms, left_ms / 1000);
	if (binding->is_lease)
		put_lease(work, binding);
	return 0;
}

/* A client that declines whatever it gets must not empty the pool: it may hold up a few addresses.
 */
static bool declines_too_much(const struct ia_work *work, const struct binding *binding)
{
	static struct log_limit limit;
	struct machine machine = binding_machine(binding);
	char text[MACHINE_TEXT];

	if (binding_table_declined(work->bindings, &binding->subnet, &machine) < DECLINES_MAX)
		return false;
	log_limited(&limit, LOG_LEVEL_WARNING,
		"%s declines each address that it gets, %d within an hour: it gets the same one "
		"again. Look for a node on its link that answers duplicate address detection for "
		"every address",
		machine_format(&machine, text), DECLINES_MAX + 1);
	return true;
}

/* Nobody gets the address for a while; the machine gets another one. */
static int rest_lease(struct ia_work *work, struct binding *binding)
{
	binding_table_set_state(
		work->bindings, binding, BINDING_DECLINED, work->now_ms, DECLINE_HELD_S);
	binding->is_detached = true;
	put_lease(work, binding);
	return 0;
}

/* The binding of a stable address that was given before a restart: the client names it. */
static struct binding *forgotten_binding(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->choice;

	if (!can_give(work) || choice->is_lease || choice->is_fixed ||
		!ia_names(ia, &choice->address))
		return NULL;
	return hold(work, ia);
}

/* Another node uses the address. The machine's next binding is another one. */
int ia_decline(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding = named_binding(work, ia);

	if (!binding)
		binding = forgotten_binding(work, ia);
	if (!binding)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	if (binding->is_lease) {
		if (lease_journal_is_locked(work->leases, binding))
			return -EINPROGRESS;
		return declines_too_much(work, binding) ? 0 : rest_lease(work, binding);
	}
	if (work->choice.is_lease)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING); /* only offered */
	binding_table_set_state(
		work->bindings, binding, BINDING_DECLINED, work->now_ms, DECLINE_HELD_S);
	if (binding->is_fixed) {
		binding->is_detached = true;
	} else {
		binding_table_drop_address(work->bindings, binding);
		binding->declines++;
	}
	return 0;
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
