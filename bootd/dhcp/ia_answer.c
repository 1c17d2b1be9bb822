/* SPDX-License-Identifier: ISC */
/*
 * RFC 9915 section 18.3, IA by IA: one function per type of message decides what becomes of the
 * binding and writes the IA of the answer. ia_answer_all() calls it for each IA.
 */
#include "bootd/dhcp/ia_answer.h"

#include <errno.h>

#include "bootd/dhcp/answer.h"

static int put_status(struct ia_work *work, const struct dhcp6_ia_na *ia, uint16_t status)
{
	if (work->ia_nas == 0)
		work->status = status;
	answer_put_ia_status(work->out, DHCP6_OPT_IA_NA, ia->iaid, status);
	return 0;
}

/* The next address of an IA: 1, 0 at the end, or -EBADMSG. */
static int next_address(struct wire_in *options, struct in6_addr *address)
{
	struct dhcp6_option option;
	struct dhcp6_iaaddr iaaddr;

	while (dhcp6_option_next(options, &option)) {
		if (option.code != DHCP6_OPT_IAADDR)
			continue;
		if (dhcp6_get_iaaddr(option.data, &iaaddr) < 0)
			return -EBADMSG;
		*address = iaaddr.address;
		return 1;
	}
	return options->bad ? -EBADMSG : 0;
}

/* How many addresses the IA names, how many of them are inside `prefix`. */
static int count_addresses(const struct dhcp6_ia_na *ia, const struct prefix *prefix, int *inside)
{
	struct wire_in options = ia->options;
	struct in6_addr address;
	int n = 0, rc;

	*inside = 0;
	while ((rc = next_address(&options, &address)) > 0) {
		n++;
		*inside += prefix_contains(prefix, &address);
	}
	return rc < 0 ? rc : n;
}

/* Only the first IA_NA of a message can have the address. */
static bool can_give(const struct ia_work *work)
{
	return work->ia_nas == 0 && work->decision->address.given;
}

/* An IA_NA with the chosen address, not closed yet. */
static size_t open_address(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->decision->address;
	size_t mark;

	work->given = true;
	work->ia_at = work->out->len;
	mark = dhcp6_open_ia_na(work->out, ia->iaid, choice->t1_s, choice->t2_s);
	work->iaaddr_at = work->out->len;
	dhcp6_put_iaaddr(work->out, &choice->address, choice->preferred_s, choice->valid_s);
	return mark;
}

static int give(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	size_t mark = open_address(work, ia);

	work->status = DHCP6_STATUS_SUCCESS;
	dhcp6_close_option(work->out, mark);
	return 0;
}

/* The machine's binding, with the chosen address and the identifiers of this message. */
static struct binding *hold(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct decision *decision = work->decision;
	struct binding *binding = binding_table_get(work->bindings, &decision->subnet->prefix,
		&decision->machine, decision->address.scope);

	if (!binding)
		return NULL;
	binding_table_set_address(
		work->bindings, binding, &decision->address.address, decision->address.is_fixed);
	binding->declines = decision->address.counter;
	binding->mac_source = work->facts->mac_source;
	binding_set_duid(binding, &work->facts->duid);
	binding->iaid = ia->iaid;
	return binding;
}

/* A new lease cannot be stored while the store is away: another server may reach it and answer. */
static bool cannot_keep(const struct ia_work *work)
{
	const struct address_choice *choice = &work->decision->address;
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
	const struct binding *binding = binding_table_find(work->bindings,
		&decision->subnet->prefix, &decision->machine, decision->address.scope);

	if (binding && binding->is_lease &&
		!IN6_ARE_ADDR_EQUAL(&binding->address, &decision->address.address))
		lease_journal_drop(work->leases, binding);
}

static void put_lease(struct ia_work *work, struct binding *binding)
{
	binding_table_set_lease(work->bindings, binding, true);
	lease_journal_put(work->leases, binding, work->now_ms);
	work->is_change = true;
}

/* The machine has the address now: for its valid lifetime, or at least for so long. */
static int bind_address(struct ia_work *work, const struct dhcp6_ia_na *ia, uint64_t least_s)
{
	const struct address_choice *choice = &work->decision->address;
	struct binding *binding;
	uint64_t held_s = choice->valid_s;

	if (choice->is_lease && work->leases->is_busy)
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
		work->is_promise = true;
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
	int inside, n = count_addresses(ia, &work->decision->subnet->prefix, &inside);

	if (n < 0)
		return n;
	if (inside < n)
		return put_status(work, ia, DHCP6_STATUS_NOT_ON_LINK);
	return ia_commit(work, ia);
}

/* Addresses that the client has and must not use any more get lifetimes of 0 (section 18.3.4). */
static int put_stale_addresses(
	struct wire_out *out, const struct dhcp6_ia_na *ia, const struct in6_addr *current)
{
	struct wire_in options = ia->options;
	struct in6_addr address;
	int rc;

	while ((rc = next_address(&options, &address)) > 0)
		if (!IN6_ARE_ADDR_EQUAL(&address, current))
			dhcp6_put_iaaddr(out, &address, 0, 0);
	return rc;
}

int ia_renew(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->decision->address;
	size_t mark;
	int rc;

	if (!can_give(work))
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	rc = bind_address(work, ia, 0);
	if (rc < 0)
		return rc;
	mark = open_address(work, ia);
	rc = put_stale_addresses(work->out, ia, &choice->address);
	dhcp6_close_option(work->out, mark);
	return rc;
}

static bool is_of_client(const struct ia_work *work, const struct binding *binding)
{
	return !binding->is_detached && binding->state != BINDING_REGISTERED &&
	       prefix_equal(&binding->subnet, &work->decision->subnet->prefix) &&
	       binding_is_of(binding, &work->decision->machine);
}

/* The machine's binding whose address the IA names. */
static struct binding *named_binding(const struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct wire_in options = ia->options;
	struct in6_addr address;

	while (next_address(&options, &address) > 0) {
		struct binding *binding = binding_table_find_address(work->bindings, &address);

		if (binding && is_of_client(work, binding))
			return binding;
	}
	return NULL;
}

/*
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
	if (binding->is_lease && work->leases->is_busy)
		return -EINPROGRESS;
	left_ms = binding->expires_ms > work->now_ms ? binding->expires_ms - work->now_ms : 0;
	binding_table_set_state(
		work->bindings, binding, BINDING_RELEASED, work->now_ms, left_ms / 1000);
	if (binding->is_lease)
		put_lease(work, binding);
	return 0;
}

/* Nobody gets the address for a while; the machine gets another one. */
static int rest_lease(struct ia_work *work, struct binding *binding)
{
	binding_table_set_state(
		work->bindings, binding, BINDING_DECLINED, work->now_ms, DECLINE_HELD_S);
	binding_table_detach(work->bindings, binding);
	put_lease(work, binding);
	return 0;
}

/* Another node uses the address. A host keeps its own: the operator configured it. */
int ia_decline(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding = named_binding(work, ia);

	if (!binding)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	if (binding->is_lease)
		return work->leases->is_busy ? -EINPROGRESS : rest_lease(work, binding);
	if (work->decision->address.is_lease)
		return put_status(work, ia, DHCP6_STATUS_NO_BINDING); /* never more than offered */
	if (!binding->is_fixed) {
		binding_table_drop_address(work->bindings, binding);
		binding->declines++;
	}
	binding_table_set_state(
		work->bindings, binding, BINDING_DECLINED, work->now_ms, DECLINE_HELD_S);
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

int ia_addresses_on_link(
	const struct client_facts *facts, const struct prefix *prefix, bool *on_link)
{
	struct wire_in options = facts->options;
	struct dhcp6_option option;
	struct dhcp6_ia_na ia;
	int all = 0, all_inside = 0;

	while (dhcp6_option_next(&options, &option)) {
		int n, inside;

		if (option.code != DHCP6_OPT_IA_NA)
			continue;
		if (dhcp6_get_ia_na(option.data, &ia) < 0)
			return -EBADMSG;
		n = count_addresses(&ia, prefix, &inside);
		if (n < 0)
			return n;
		all += n;
		all_inside += inside;
	}
	*on_link = all == all_inside;
	return all;
}
