/* SPDX-License-Identifier: ISC */
/*
 * The number of the last change of each address in the lease log. The log is read and tidied by it.
 * A lease takes 32 to 64 octets.
 *
 * The index is divided into many small tables, so that growing one of them takes little time.
 */
#ifndef NB6_BOOTD_LEASES_LEASE_INDEX_H
#define NB6_BOOTD_LEASES_LEASE_INDEX_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "util/siphash.h"

enum { LEASE_INDEX_SHARDS = 1024 };

struct lease_place {
	struct in6_addr address;
	uint64_t change; /* 0: the place is empty */
};

struct lease_index {
	struct siphash_key key;
	size_t count;
	struct lease_shard {
		struct lease_place *place;
		uint32_t places, used; /* a power of two, or 0 */
	} shard[LEASE_INDEX_SHARDS];
};

void lease_index_init(struct lease_index *index);
void lease_index_fini(struct lease_index *index);

/* Its last change, or 0. */
uint64_t lease_index_get(const struct lease_index *index, const struct in6_addr *address);

/* Room for this address among so many that are set next. Returns 0 or -ENOMEM. */
int lease_index_reserve(struct lease_index *index, const struct in6_addr *address, size_t among);

/* `change` is not 0; the room was reserved. */
void lease_index_set(struct lease_index *index, const struct in6_addr *address, uint64_t change);
void lease_index_drop(struct lease_index *index, const struct in6_addr *address);

#endif
