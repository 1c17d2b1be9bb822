/* SPDX-License-Identifier: ISC */
/*
 * address_choose(), at the end, is the order of the steps. Each step either gives an address or
 * sets the reason why there is none. An address is free if no host section names it and no other
 * machine's binding has it.
 *
 * Lifetimes: preferred = 3/4 valid, T1 = 1/2 preferred, T2 = 4/5 preferred (RFC 9915 section 21.4).
 */
#include "bootd/bindings/address_choice.h"

#include <arpa/inet.h>

#include "bootd/bindings/stable_address.h"

enum {
	TRIES = 64,
	NAMED_TRIES = 16, /* counters among which a named address is looked for */
};

static void set_lifetimes(struct address_choice *choice, uint32_t valid_s)
{
	choice->valid_s = valid_s;
	choice->preferred_s = valid_s - valid_s / 4;
	choice->t1_s = choice->preferred_s / 2;
	choice->t2_s = choice->preferred_s - choice->preferred_s / 5;
}

void address_limit(struct address_choice *choice, uint32_t max_s)
{
	if (choice->valid_s > max_s)
		set_lifetimes(choice, max_s);
	choice->given &= max_s > 0;
}

static void give(struct address_choice *choice, const struct in6_addr *address, bool is_fixed,
	const char *why)
{
	choice->given = true;
	choice->is_fixed = is_fixed;
	choice->address = *address;
	choice->why = why;
}

/* A registration keeps no address from its machine: anybody on the link can register it. */
static bool is_free(const struct boot_config *config, const struct binding_table *bindings,
	const struct in6_addr *address, const struct machine *machine)
{
	const struct binding *holder = binding_table_find_address(bindings, address);

	return !boot_config_host_at(config, address) &&
	       (!holder || holder->state == BINDING_REGISTERED || binding_is_of(holder, machine));
}

/* The counter of the named address, or `counter` if it is no stable address of the machine. */
static uint32_t counter_of(const struct boot_config *config, const struct subnet *subnet,
	const struct machine *machine, const struct in6_addr *named, uint32_t counter)
{
	if (!named || !prefix_contains(&subnet->prefix, named))
		return counter;
	for (uint32_t i = counter; i < counter + NAMED_TRIES; i++) {
		struct in6_addr address = stable_address(config->key, &subnet->prefix, machine, i);

		if (IN6_ARE_ADDR_EQUAL(&address, named))
			return i;
	}
	return counter;
}

static void choose_stable(struct address_choice *choice, const struct boot_config *config,
	const struct binding_table *bindings, const struct subnet *subnet,
	const struct machine *machine, uint32_t counter)
{
	for (uint32_t last = counter + TRIES; counter != last; counter++) {
		struct in6_addr address =
			stable_address(config->key, &subnet->prefix, machine, counter);

		if (stable_address_is_reserved(&subnet->prefix, &address) ||
			address_pools_find(&bindings->pools, &address) ||
			!is_free(config, bindings, &address, machine))
			continue;
		choice->counter = counter;
		give(choice, &address, false, "stable");
		return;
	}
	choice->why = "no free address was found in the subnet";
}

/* Where the search in a pool begins: evenly spread, and constant for each machine. */
static uint32_t pool_hint(const struct boot_config *config, const struct subnet *subnet,
	const struct machine *machine)
{
	struct in6_addr hash = stable_address(config->key, &subnet->prefix, machine, 0);

	return ntohl(hash.s6_addr32[3]);
}

static void choose_from_pool(struct address_choice *choice, const struct boot_config *config,
	const struct binding_table *bindings, const struct subnet *subnet,
	const struct address_plan *plan, const struct machine *machine, const struct binding *held)
{
	const struct address_pool *pool = address_pools_of_plan(&bindings->pools, plan);
	struct in6_addr address;

	choice->is_lease = true;
	choice->counter = held ? held->declines : 0;
	if (held && held->has_address && !held->is_fixed &&
		address_pools_find(&bindings->pools, &held->address) == pool &&
		is_free(config, bindings, &held->address, machine))
		give(choice, &held->address, false, "held");
	else if (!binding_table_can_lease(bindings))
		choice->why = "the limit of leases in memory is reached";
	else if (pool && address_pool_choose(pool, pool_hint(config, subnet, machine), &address))
		give(choice, &address, false, "from the pool");
	else
		choice->why = "the pool has no free address";
}

static bool has_own_address(const struct boot_host *host, const struct subnet *subnet)
{
	return host && host->has_address && prefix_contains(&subnet->prefix, &host->address);
}

/* Without classes a machine has one binding per subnet, even if the plan has changed. */
static const struct in6_addr *scope_of(
	const struct subnet *subnet, const struct address_plan *plan, bool is_fixed)
{
	if (subnet->classes == 0)
		return NULL;
	return !is_fixed && plan->addresses == SUBNET_POOL ? &plan->pool_low : &in6addr_any;
}

/*
 * Who has the host's own address, so that this machine must not get it now. A host may have two
 * MACs, a port may lead to two machines, and a host file may name an address that is leased
 * to another machine. But one machine is seen under several identifiers while its firmware and
 * its system boot: only two MACs are certainly two interfaces, and an address that was not given as
 * the host's own is certainly another machine's. After a Decline nobody gets it for a while.
 */
static const struct binding *holder_of_fixed(const struct binding_table *bindings,
	const struct boot_host *host, const struct machine *machine, uint64_t now_ms)
{
	const struct binding *holder = binding_table_find_address(bindings, &host->address);
	struct machine other;

	if (!holder || holder->expires_ms <= now_ms)
		return NULL;
	if (holder->state == BINDING_DECLINED)
		return holder;
	if (holder->state != BINDING_BOUND || binding_is_of(holder, machine))
		return NULL;
	other = binding_machine(holder);
	return !holder->is_fixed || (other.is_mac && machine->is_mac) ? holder : NULL;
}

void address_choose(struct address_choice *choice, const struct boot_config *config,
	const struct binding_table *bindings, const struct subnet *subnet,
	const struct address_plan *plan, const struct boot_host *host,
	const struct machine *machine, const struct in6_addr *named, bool booting, uint64_t now_ms)
{
	bool has_own = has_own_address(host, subnet);
	const struct binding *holder =
		has_own ? holder_of_fixed(bindings, host, machine, now_ms) : NULL;
	bool is_fixed = has_own && !holder;
	const struct in6_addr *scope = scope_of(subnet, plan, is_fixed);
	const struct binding *held = binding_table_find(bindings, &subnet->prefix, machine, scope);
	uint32_t valid_s = plan->lifetime_s;

	*choice = (struct address_choice){.scope = scope, .holder = holder};
	if (booting && valid_s > BOOT_LIFETIME_S)
		valid_s = BOOT_LIFETIME_S;
	set_lifetimes(choice, valid_s);
	if (plan->addresses == SUBNET_PROXY) {
		choice->why = "another server gives the addresses here";
	} else if (is_fixed) {
		give(choice, &host->address, true, "fixed for the host");
	} else if (plan->addresses == SUBNET_NONE) {
		choice->why = holder ? "another machine has the host's address"
				     : "the subnet has addresses = none";
	} else if (plan->addresses == SUBNET_POOL) {
		choose_from_pool(choice, config, bindings, subnet, plan, machine, held);
	} else if (held && held->has_address && !held->is_fixed && !held->is_lease &&
		   !address_pools_find(&bindings->pools, &held->address) &&
		   is_free(config, bindings, &held->address, machine)) {
		choice->counter = held->declines;
		give(choice, &held->address, false, "held");
	} else {
		choose_stable(choice, config, bindings, subnet, machine,
			counter_of(config, subnet, machine, named, held ? held->declines : 0));
	}
}
