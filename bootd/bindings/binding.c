/* SPDX-License-Identifier: ISC */
/*
 * The identifiers of a binding: its machine and its client's DUID, one after the other. There may
 * be a million bindings, so the identifiers take the space that they need, not the 130 octets that
 * a DUID may have: up to BINDING_IDS_INLINE octets are inside the binding, longer ones on the heap.
 */
#include "bootd/bindings/binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool are_inline(const struct binding *binding)
{
	return binding->machine_len + binding->duid_len <= BINDING_IDS_INLINE;
}

static const uint8_t *octets_of(const struct binding *binding)
{
	return are_inline(binding) ? binding->ids.inlined : binding->ids.heap;
}

static int set_ids(
	struct binding *binding, const struct machine *machine, const void *duid, uint8_t duid_len)
{
	size_t len = (size_t)machine->len + duid_len;
	uint8_t *heap = len <= BINDING_IDS_INLINE ? NULL : malloc(len);
	uint8_t *octets = heap ? heap : binding->ids.inlined;

	if (len > BINDING_IDS_INLINE && !heap)
		return -ENOMEM;
	binding_free_ids(binding);
	memcpy(octets, machine->octets, machine->len);
	memcpy(octets + machine->len, duid, duid_len);
	if (heap)
		binding->ids.heap = heap;
	binding->is_mac = machine->is_mac;
	binding->machine_part = machine->part;
	binding->machine_len = machine->len;
	binding->duid_len = duid_len;
	return 0;
}

int binding_set_machine(struct binding *binding, const struct machine *machine)
{
	return set_ids(binding, machine, "", 0);
}

void binding_free_ids(struct binding *binding)
{
	if (!are_inline(binding))
		free(binding->ids.heap);
	binding->machine_len = binding->duid_len = 0;
}

struct machine binding_machine(const struct binding *binding)
{
	struct machine machine = {.is_mac = binding->is_mac,
		.part = binding->machine_part,
		.len = binding->machine_len};

	memcpy(machine.octets, octets_of(binding), machine.len);
	return machine;
}

bool binding_is_of(const struct binding *binding, const struct machine *machine)
{
	return binding->is_mac == machine->is_mac && binding->machine_part == machine->part &&
	       binding->machine_len == machine->len &&
	       memcmp(octets_of(binding), machine->octets, machine->len) == 0;
}

struct dhcp6_duid binding_duid(const struct binding *binding)
{
	struct dhcp6_duid duid = {.len = binding->duid_len};

	memcpy(duid.octets, octets_of(binding) + binding->machine_len, duid.len);
	return duid;
}

bool binding_has_duid(const struct binding *binding, const struct dhcp6_duid *duid)
{
	return binding->duid_len == duid->len &&
	       memcmp(octets_of(binding) + binding->machine_len, duid->octets, duid->len) == 0;
}

void binding_set_duid(struct binding *binding, const struct dhcp6_duid *duid)
{
	struct machine machine;

	if (binding_has_duid(binding, duid))
		return;
	machine = binding_machine(binding);
	set_ids(binding, &machine, duid->octets, duid->len);
}

const char *binding_state_name(enum binding_state state)
{
	static const char *const name[] = {
		[BINDING_OFFERED] = "offered",
		[BINDING_BOUND] = "bound",
		[BINDING_RELEASED] = "released",
		[BINDING_DECLINED] = "declined",
		[BINDING_EXPIRED] = "expired",
		[BINDING_REGISTERED] = "registered",
	};

	return name[state];
}
