/* SPDX-License-Identifier: ISC */
/* A lease's columns as text that an operator can read, and back. */
#ifndef NB6_BOOTD_LEASES_LEASE_TEXT_H
#define NB6_BOOTD_LEASES_LEASE_TEXT_H

#include "bootd/leases/lease_store.h"

enum { LEASE_TIME_TEXT = 32 };

struct lease_text {
	char address[INET6_ADDRSTRLEN];
	char subnet[PREFIX_TEXT];
	char machine[MACHINE_TEXT];
	char duid[DHCP6_DUID_TEXT];
	const char *state; /* "bound", "released", "declined" */
	char since[LEASE_TIME_TEXT];
	char expires[LEASE_TIME_TEXT];
};

/* "2026-11-22 03:31:11", UTC: as SQL has it, and in order of time where compared as text. */
const char *lease_time_format(int64_t unix_s, char text[LEASE_TIME_TEXT]);
int lease_time_parse(const char *text, int64_t *unix_s);

void lease_text_of(const struct lease *lease, struct lease_text *text);

const char *lease_state_name(enum lease_state state);

/* Those columns that are words. Returns NULL, or the one that is wrong. */
const char *lease_words_read(struct lease *lease, const char *address, const char *subnet,
	const char *machine, const char *duid, const char *state);

/* All columns, none NULL; iaid is set by the caller. Returns NULL, or the column that is wrong. */
const char *lease_text_read(struct lease *lease, const char *address, const char *subnet,
	const char *machine, const char *duid, const char *state, const char *since,
	const char *expires);

#endif
