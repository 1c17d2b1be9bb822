/* SPDX-License-Identifier: ISC */
/*
 * Which machine an IA of a message belongs to, which address it gets, and which addresses of it
 * belong to the link. ia_answer.c writes the answer.
 *
 * The decision about a message has one machine and one address. One IA of the message is the
 *primary IA and gets that address: the IA that names it, or else the first. Further IAs of firmware
 *get none. Further IAs of an operating system (a client that sends no architecture) get addresses
 *of their own (RFC 9915 section 6.3), MACHINE_IAS_MAX in all:
 *
 *	known by its MAC     its IAs are numbered; the binding keeps the IAID of each number, so
 *	                     that one MAC cannot use up a pool with ever new IAIDs
 *	known by its DUID    each IAID is a machine of its own: the DUID with that IAID
 */
#include "bootd/dhcp/ia_answer.h"

#include <errno.h>
#include <string.h>

int ia_next_address(struct wire_in *options, struct in6_addr *address)
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

bool ia_names(const struct dhcp6_ia_na *ia, const struct in6_addr *address)
{
	struct wire_in options = ia->options;
	struct in6_addr named;

	while (ia_next_address(&options, &named) > 0)
		if (IN6_ARE_ADDR_EQUAL(&named, address))
			return true;
	return false;
}

/* --- the link ------------------------------------------------------------------------ */

bool ia_is_on_link(const struct ia_work *work, const struct in6_addr *address)
{
	const struct subnet *own = work->decision->subnet;
	const struct subnet *other;

	if (prefix_contains(&own->prefix, address))
		return true;
	other = own->link ? boot_config_subnet_of(work->config, address) : NULL;
	return other && other->link && strcmp(other->link, own->link) == 0;
}

int ia_count_addresses(const struct ia_work *work, const struct dhcp6_ia_na *ia, int *on_link)
{
	struct wire_in options = ia->options;
	struct in6_addr address;
	int n = 0, rc;

	*on_link = 0;
	while ((rc = ia_next_address(&options, &address)) > 0) {
		n++;
		*on_link += ia_is_on_link(work, &address);
	}
	return rc < 0 ? rc : n;
}

int ia_addresses_on_link(const struct ia_work *work, bool *on_link)
{
	struct wire_in options = work->facts->options;
	struct dhcp6_option option;
	struct dhcp6_ia_na ia;
	int all = 0, all_on_link = 0;

	while (dhcp6_option_next(&options, &option)) {
		int n, here;

		if (option.code != DHCP6_OPT_IA_NA)
			continue;
		if (dhcp6_get_ia_na(option.data, &ia) < 0)
			return -EBADMSG;
		n = ia_count_addresses(work, &ia, &here);
		if (n < 0)
			return n;
		all += n;
		all_on_link += here;
	}
	*on_link = all == all_on_link;
	return all;
}

/* --- machine and address ---------------------------------------------------------------- */

static bool is_named_elsewhere(const struct ia_work *work, const struct in6_addr *address)
{
	struct wire_in options = work->facts->options;
	struct dhcp6_option option;
	struct dhcp6_ia_na ia;

	while (dhcp6_option_next(&options, &option))
		if (option.code == DHCP6_OPT_IA_NA && dhcp6_get_ia_na(option.data, &ia) == 0 &&
			ia_names(&ia, address))
			return true;
	return false;
}

static bool can_be_primary(const struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct address_choice *choice = &work->decision->address;

	return !work->has_primary && (!choice->given || ia_names(ia, &choice->address) ||
					     !is_named_elsewhere(work, &choice->address));
}

static const struct binding *find_numbered(
	const struct ia_work *work, uint8_t number, struct machine *machine)
{
	*machine = machine_with_number(&work->decision->machine, number);
	return binding_table_find(work->bindings, &work->decision->subnet->prefix, machine, NULL);
}

/* The number that this IAID has already; or false. */
static bool find_number(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	for (uint8_t number = 1; number < MACHINE_IAS_MAX; number++) {
		const struct binding *binding = find_numbered(work, number, &work->machine);

		if (binding && binding->iaid == ia->iaid)
			return true;
	}
	return false;
}

static bool take_number(struct ia_work *work)
{
	for (uint8_t number = 1; number < MACHINE_IAS_MAX; number++) {
		const struct binding *binding = find_numbered(work, number, &work->machine);
		bool is_in_use = binding && binding->expires_ms > work->now_ms;

		if (!is_in_use && !(work->numbers & 1u << number)) {
			work->numbers |= 1u << number;
			return true;
		}
	}
	return false;
}

/* For a machine that is known by its MAC. */
static bool choose_by_number(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	bool is_system = work->facts->archs == 0 && work->decision->machine.is_mac;

	if (is_system && find_number(work, ia))
		return true;
	if (can_be_primary(work, ia)) {
		work->is_primary = true;
		return true;
	}
	return is_system && take_number(work);
}

static bool choose_by_iaid(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	work->machine = machine_with_iaid(&work->decision->machine, ia->iaid);
	work->is_primary =
		!work->has_primary && machine_equal(&work->machine, &work->decision->machine);
	return work->is_primary || ia->iaid != work->facts->iaid;
}

void ia_choose(struct ia_work *work, const struct dhcp6_ia_na *ia)
{
	const struct decision *decision = work->decision;

	work->is_primary = false;
	work->is_promised = false;
	work->has_machine =
		decision->machine.len > 0 && work->ia_nas < MACHINE_IAS_MAX &&
		(decision->machine.part == MACHINE_PART_MAX ? choose_by_iaid(work, ia)
							    : choose_by_number(work, ia));
	if (work->is_primary) {
		work->has_primary = true;
		work->machine = decision->machine;
		work->choice = decision->address;
	} else if (work->has_machine) {
		struct wire_in options = ia->options;
		struct in6_addr named;
		bool has_named = ia_next_address(&options, &named) > 0;

		/* The address of a host is for one IA: the primary one. */
		address_choose(&work->choice, work->config, work->bindings, decision->subnet,
			decision_plan(decision), NULL, &work->machine, has_named ? &named : NULL,
			false, work->now_ms);
	}
}
