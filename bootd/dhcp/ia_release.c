/* SPDX-License-Identifier: ISC */
/*
 * Release and Decline (RFC 9915 sections 18.3.7 and 18.3.8), IA by IA: addresses that clients give
 * back. Neither frees an address at once in all cases. Firmware releases an address that its boot
 * loader continues to use, and a declined address is in use by another node.
 */
#include <errno.h>

#include "bootd/dhcp/ia_answer.h"
#include "daemon/log.h"

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
 * An address that firmware releases stays held for the machine, because its boot loader continues
 * to use it.
 *
 * Firmware releases under one DUID and IAID an address that it, or the next boot stage, has
 * requested under another one meanwhile: only a Release by the last requester counts.
 */
int ia_release(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding = named_binding(work, ia);
	uint64_t left_ms;

	if (!binding)
		return ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING);
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
		ia_put_lease(work, binding);
	return 0;
}

/* A client that declines every address must not empty the pool: DECLINES_MAX of them are held. */
static bool declines_too_much(const struct ia_work *work, const struct binding *binding)
{
	static struct log_limit limit;
	struct machine machine = binding_machine(binding);
	char text[MACHINE_TEXT];

	if (binding_table_declined(work->bindings, &binding->subnet, &machine) < DECLINES_MAX)
		return false;
	machine_format(&machine, text);
	log_limited_with(&limit, LOG_LEVEL_WARNING,
		&(struct log_fields){.event = LOG_EVENT_ADDRESS_CONFLICT, .mac = text},
		"%s declines each address that it gets, %d within an hour: it gets the same one "
		"again. Look for a node on its link that answers duplicate address detection for "
		"every address",
		text, DECLINES_MAX + 1);
	return true;
}

/* Nobody gets the address for DECLINE_HELD_S; the machine gets another one. */
static int rest_lease(struct ia_work *work, struct binding *binding)
{
	binding_table_set_state(
		work->bindings, binding, BINDING_DECLINED, work->now_ms, DECLINE_HELD_S);
	binding->is_detached = true;
	ia_put_lease(work, binding);
	return 0;
}

/* The binding of a stable address that was given before a restart: the client names it. */
static struct binding *forgotten_binding(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->choice;

	if (!ia_can_give(work) || choice->is_lease || choice->is_fixed ||
		!ia_names(ia, &choice->address))
		return NULL;
	return ia_hold(work, ia);
}

/* Another node uses the address (section 18.3.8): the machine gets another one. */
int ia_decline(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	struct binding *binding = named_binding(work, ia);

	if (!binding)
		binding = forgotten_binding(work, ia);
	if (!binding)
		return ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING);
	if (binding->is_lease) {
		if (lease_journal_is_locked(work->leases, binding))
			return -EINPROGRESS;
		return declines_too_much(work, binding) ? 0 : rest_lease(work, binding);
	}
	if (work->choice.is_lease)
		return ia_put_status(work, ia, DHCP6_STATUS_NO_BINDING); /* only offered */
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
