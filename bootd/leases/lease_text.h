/* SPDX-License-Identifier: ISC */
/* The columns of a lease that are text: an operator can read them, and may change them. */
#ifndef NB6_BOOTD_LEASES_LEASE_TEXT_H
#define NB6_BOOTD_LEASES_LEASE_TEXT_H

#include "bootd/leases/lease_store.h"

struct lease_text {
	char address[INET6_ADDRSTRLEN];
	char subnet[PREFIX_TEXT];
	char machine[MACHINE_TEXT];
	char duid[DHCP6_DUID_TEXT];
	const char *state; /* "bound", "released", "declined" */
};

void lease_text_of(const struct lease *lease, struct lease_text *text);

const char *lease_state_name(enum lease_state state);

/* Reads the columns that are text. Returns NULL, or the name of the column that is wrong. */
const char *lease_text_read(struct lease *lease, const char *address, const char *subnet,
	const char *machine, const char *duid, const char *state);

#endif
