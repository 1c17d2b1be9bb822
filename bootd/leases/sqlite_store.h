/* SPDX-License-Identifier: ISC */
/*
 * Leases in a SQLite file, which an operator can open:
 *
 *	sqlite3 /var/lib/netboot6/leases.db 'SELECT address, machine, state, expires FROM lease'
 *
 * `lease` is a view: what the table `lease_change` has of an address last. Leases are handed
 * over in order of their changes; where a machine has two in a subnet, the later one is its.
 *
 * Write-ahead log, synced at each commit: one fsync() per transaction. Times are UTC.
 * The file has an application id and a schema version. Beside it FILE.lock is held for as
 * long as it is open, so that no two servers give leases from one file.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_STORE_H
#define NB6_BOOTD_LEASES_SQLITE_STORE_H

#include <stddef.h>

#include "bootd/leases/lease_store.h"

enum { SQLITE_STORE_SCHEMA = 2, SQLITE_STORE_WHY = 256 };

/*
 * Open the file, made if it is not there; its directory must be. Returns 0, or with the reason
 * in `why`: -EBUSY (another server has it), -EROFS, -EPROTONOSUPPORT (of a newer netboot6),
 * -EBADMSG (damaged, or not a file of leases), -EIO and others. *out is to be closed with
 * kind->close().
 */
int sqlite_store_open(const char *path, struct lease_store **out, char why[SQLITE_STORE_WHY]);

#endif
