/* SPDX-License-Identifier: ISC */
/*
 * What all kinds of lease stores share: the table of the kinds, and the text of the columns of a
 * lease. Each kind of column has a function that writes it and one that reads it. Text that cannot
 * be read is an error, because an operator may have written it.
 */
#include "bootd/leases/lease_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- kinds of stores ------------------------------------------------------------------ */

bool postgresql_is_url(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

#ifndef WITH_POSTGRESQL

static int absent_check(const char *location, char why[LEASE_STORE_WHY])
{
	(void)location;
	snprintf(why, LEASE_STORE_WHY,
		"this netboot6-bootd was built without PostgreSQL (configure --with-postgresql)");
	return -ENOSYS;
}

static int absent_open(const char *location, struct loop *loop,
	const struct lease_store_owner *owner, struct lease_store **out, char why[LEASE_STORE_WHY])
{
	(void)loop;
	(void)owner;
	*out = NULL;
	return absent_check(location, why);
}

const struct lease_driver postgresql_driver = {
	.name = "postgresql",
	.accepts = postgresql_is_url,
	.check = absent_check,
	.open = absent_open,
};

#endif

const struct lease_driver *lease_driver_of(const char *location)
{
	/* The first that accepts the location; SQLite accepts every path. */
	static const struct lease_driver *const driver[] = {
		&postgresql_driver,
		&sqlite_driver,
	};

	for (size_t i = 0; i < sizeof(driver) / sizeof(driver[0]); i++)
		if (driver[i]->accepts(location))
			return driver[i];
	return NULL;
}

/* --- text ------------------------------------------------------------------------------- */

static const char *const state_name[] = {
	[LEASE_BOUND] = "bound",
	[LEASE_RELEASED] = "released",
	[LEASE_DECLINED] = "declined",
};

static int parse_state(const char *text, enum lease_state *state)
{
	for (int i = LEASE_BOUND; i <= LEASE_DECLINED; i++)
		if (strcmp(text, state_name[i]) == 0) {
			*state = (enum lease_state)i;
			return 0;
		}
	return -EINVAL;
}

void lease_text_of(const struct lease *lease, struct lease_text *text)
{
	inet_ntop(AF_INET6, &lease->address, text->address, sizeof(text->address));
	prefix_format(&lease->subnet, text->subnet);
	machine_format(&lease->machine, text->machine);
	dhcp6_duid_format(&lease->duid, text->duid);
	text->state = state_name[lease->state];
}

const char *lease_state_name(enum lease_state state)
{
	return state_name[state];
}

/* Consecutive leases are mostly of one subnet, so the last result is kept. */
static int parse_subnet(const char *text, const struct in6_addr *address, struct prefix *subnet)
{
	static char before_text[PREFIX_TEXT];
	static struct prefix before;

	if (!*text || strcmp(text, before_text) != 0) {
		if (strlen(text) >= PREFIX_TEXT || prefix_parse(text, &before) < 0) {
			before_text[0] = '\0';
			return -EINVAL;
		}
		strcpy(before_text, text);
	}
	*subnet = before;
	return prefix_contains(subnet, address) ? 0 : -EINVAL;
}

const char *lease_text_read(struct lease *lease, const char *address, const char *subnet,
	const char *machine, const char *duid, const char *state)
{
	if (inet_pton(AF_INET6, address, &lease->address) != 1)
		return "address";
	if (parse_subnet(subnet, &lease->address, &lease->subnet) < 0)
		return "subnet";
	if (machine_parse_canonical(machine, &lease->machine) < 0)
		return "machine";
	if (dhcp6_duid_parse(duid, &lease->duid) < 0)
		return "duid";
	return parse_state(state, &lease->state) < 0 ? "state" : NULL;
}
