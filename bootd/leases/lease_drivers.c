/* SPDX-License-Identifier: ISC */
/* The kinds of lease stores. A new one is a file of its own and a row here. */
#include "bootd/leases/lease_store.h"
#include "bootd/leases/postgresql_store.h"
#include "bootd/leases/sqlite_store.h"

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
