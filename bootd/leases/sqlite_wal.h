/* SPDX-License-Identifier: ISC */
/*
 * SQLite's write-ahead log as a file (sqlite.org/fileformat.html section 4): a header, then frames
 * of one page each. A frame that ends a transaction says so. Checksums run through all frames.
 *
 * SQLite reads the log up to the first frame with a wrong checksum and ignores the rest without a
 * word, because a transaction that was being written when the machine crashed looks like that. A
 * damaged disk looks the same, but then transactions that were synced, and leases that were
 * promised, lie behind the damage. This module tells the two apart.
 */
#ifndef NB6_BOOTD_LEASES_SQLITE_WAL_H
#define NB6_BOOTD_LEASES_SQLITE_WAL_H

#include <stddef.h>

struct sqlite_wal_check {
	unsigned frames;       /* valid ones */
	unsigned lost_frames;  /* of the current log, behind the first invalid one */
	unsigned lost_commits; /* transactions that end among those */
	int has_bad_header;    /* there are frames, and no valid header */
};

/*
 * Reads the log of a database that is not open. Returns 0, also if there is no log, or -errno.
 *
 * Each transaction is synced before the next one starts, so a crash can leave at most one that is
 * incomplete: lost_commits > 1 and has_bad_header mean damage.
 */
int sqlite_wal_check(const char *wal_path, struct sqlite_wal_check *check);

/*
 * Fills the log with zeros up to `size`, behind what is in it. A sync that appends to a file costs
 * two flushes of the disk, one for the data and one for the size; overwriting costs one. Errors are
 * ignored, because the log works without.
 */
void sqlite_wal_preallocate(const char *wal_path, size_t size);

#endif
