/* SPDX-License-Identifier: ISC */
/*
 * What is in the database, all in the schema "netboot6": columns that people can read, and the
 * two functions that keep the contract of lease_store.h for all servers alike.
 *
 *	version   one row: the number of this schema
 *	lease     one row per address; a machine has one per subnet, declined ones aside
 *	store()   a batch of puts and removals; returns those that are refused
 *	tell()    a trigger: each change is a notification "netboot6_lease" with the address
 *
 * store() lets one transaction after the other in, by an advisory lock: there is no order in
 * which two of them could wait for each other. Times go in and out as seconds from now, and
 * only the database's clock says when `now` is.
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_SCHEMA_H
#define NB6_BOOTD_LEASES_POSTGRESQL_SCHEMA_H

enum { POSTGRESQL_SCHEMA = 1 };

/* Statements of a new connection, one by one; ends with NULL. They make what is not there. */
extern const char *const postgresql_sql_setup[];

/* One row: the number of the schema, and whether it can be written here. */
extern const char postgresql_sql_version[];

/*
 * The columns of a lease, in this order, in all statements below:
 * address, subnet, machine, duid, state, iaid, its age and what is left of it in seconds.
 */
enum {
	COLUMN_ADDRESS,
	COLUMN_SUBNET,
	COLUMN_MACHINE,
	COLUMN_DUID,
	COLUMN_STATE,
	COLUMN_IAID,
	COLUMN_AGE,
	COLUMN_LEFT,
	LEASE_COLUMNS
};

/*
 * Parameters: an array of each column. Rows: the columns of what stands against a refused put,
 * NULL where that is not known, and behind them the put's number, from 1.
 */
extern const char postgresql_sql_put[];
/* Parameter: the address behind which to begin. At most POSTGRESQL_PAGE rows. */
enum { POSTGRESQL_PAGE = 1000 };
extern const char postgresql_sql_page[];
/* Parameter: an array of addresses. */
extern const char postgresql_sql_those[];

#endif
