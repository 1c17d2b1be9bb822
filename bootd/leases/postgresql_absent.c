/* SPDX-License-Identifier: ISC */
/* postgresql_store.h where there is no libpq. */
#include <errno.h>
#include <stdio.h>

#include "bootd/leases/postgresql_store.h"

int postgresql_url_check(const char *url, char name[POSTGRESQL_NAME], char why[POSTGRESQL_WHY])
{
	(void)url;
	snprintf(name, POSTGRESQL_NAME, "postgresql");
	snprintf(why, POSTGRESQL_WHY,
		"this netboot6-bootd was built without PostgreSQL (configure --with-postgresql)");
	return -ENOSYS;
}

int postgresql_store_open(const char *url, struct loop *loop, const struct lease_store_owner *owner,
	struct lease_store **out, char why[POSTGRESQL_WHY])
{
	char name[POSTGRESQL_NAME];

	(void)loop;
	(void)owner;
	*out = NULL;
	return postgresql_url_check(url, name, why);
}
