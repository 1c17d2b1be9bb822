/* SPDX-License-Identifier: ISC */
/*
 * Leases in a SQLite file, which an operator can open:
 *
 *	sqlite3 /var/lib/netboot6/leases.db 'SELECT address, machine, state, expires FROM lease'
 *
 * `lease` is a view of the table `lease_change`: the last change of each address. On load, leases
 * are handed over in the order of their changes; if a machine has two in a subnet, the later one
 * counts.
 *
 * The file uses a write-ahead log that is synced at each commit: one fsync() per transaction. Times
 * are UTC. The file has an application id and a schema version. While it is open, FILE.lock is
 * locked, so that no two servers give leases from the same file.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_STORE_H
#define NB6_BOOTD_LEASES_SQLITE_STORE_H

#include "bootd/leases/lease_store.h"

/*
 * Without a loop, commits are synchronous and owner may be NULL. open() creates the file if it does
 * not exist; its directory must exist. It returns -EBUSY if another server has the file, -EROFS,
 * -EPROTONOSUPPORT if a newer netboot6 wrote it, -EBADMSG if it is damaged or is not a file of
 * leases, -EIO and others.
 */
extern const struct lease_driver sqlite_driver;

#endif
