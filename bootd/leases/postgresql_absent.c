/* SPDX-License-Identifier: ISC */
/* The driver of postgresql_store.h in a build without libpq. */
#include <errno.h>
#include <stdio.h>

#include "bootd/leases/postgresql_store.h"

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
