/* SPDX-License-Identifier: ISC */
/*
 * The identifiers of a binding, its machine and its client's DUID: as long as they are and not as
 * long as they may be, one behind the other. There are a million of them.
 */
#include "bootd/bindings/binding_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool are_here(const struct binding *binding)
{
	return binding->machine_len + binding->duid_len <= BINDING_IDS_HERE;
}

static const uint8_t *octets_of(const struct binding *binding)
{
	return are_here(binding) ? binding->ids.here : binding->ids.there;
}

static int set_ids(
	struct binding *binding, const struct machine *machine, const void *duid, uint8_t duid_len)
{
	size_t len = (size_t)machine->len + duid_len;
	uint8_t *there = len <= BINDING_IDS_HERE ? NULL : malloc(len);
	uint8_t *octets = there ? there : binding->ids.here;

	if (len > BINDING_IDS_HERE && !there)
		return -ENOMEM;
	binding_free_ids(binding);
	memcpy(octets, machine->octets, machine->len);
	memcpy(octets + machine->len, duid, duid_len);
	if (there)
		binding->ids.there = there;
	binding->is_mac = machine->is_mac;
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
	if (!are_here(binding))
		free(binding->ids.there);
	binding->machine_len = binding->duid_len = 0;
}

struct machine binding_machine(const struct binding *binding)
{
	struct machine machine = {.is_mac = binding->is_mac, .len = binding->machine_len};

	memcpy(machine.octets, octets_of(binding), machine.len);
	return machine;
}

bool binding_is_of(const struct binding *binding, const struct machine *machine)
{
	return binding->is_mac == machine->is_mac && binding->machine_len == machine->len &&
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
