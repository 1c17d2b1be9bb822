/* SPDX-License-Identifier: ISC */
/* The SQL of the lease stores: sql/NAME.sql as text, embedded by the build as sql_NAME. */
#ifndef NB6_BOOTD_LEASES_SQL_H
#define NB6_BOOTD_LEASES_SQL_H

extern const char sql_sqlite_schema[], sql_sqlite_upgrade_1[], sql_sqlite_log[], sql_sqlite_load[];

/* One statement each. */
extern const char sql_postgresql_session[], sql_postgresql_schema[], sql_postgresql_put[],
	sql_postgresql_page[], sql_postgresql_changed[];

#endif
