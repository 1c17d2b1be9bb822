/* SPDX-License-Identifier: ISC */
/*
 * The options that one scope of the configuration has (a host, a group, a class, a subnet, or
 * the whole of bootd.conf), encoded when the configuration is read. An answer copies the octets
 * of those that its client requests; the narrowest scope that has an option decides its value.
 */
#ifndef NB6_BOOTD_RULES_OPTION_SET_H
#define NB6_BOOTD_RULES_OPTION_SET_H

#include "dhcp6/option_value.h"

/* Octets of one scope: UEFI drops an Advertise of more than 1,472 octets. */
enum { OPTION_SET_MAX = 1024 };

struct option_octets {
	uint16_t code;
	bool of_information; /* only in answers to an Information-request */
	uint16_t at, len;    /* with header; several options of one code only for option 17 */
};

struct option_set {
	struct option_octets *option; /* in order of the code */
	size_t options;
	uint8_t *octets;
	size_t len;
};

/*
 * Encodes an option with these values into the set; it replaces one of the same code. Returns
 * 0; -EINVAL as dhcp6_put_values(); -ENOSPC: OPTION_SET_MAX is exceeded; -ENOMEM.
 */
int option_set_add(struct option_set *set, const struct dhcp6_option_type *type,
	const char *const value[], unsigned values, unsigned *bad);
/* The same for octets that are encoded already, without the option's header. */
int option_set_add_data(struct option_set *set, uint16_t code, const void *data, size_t len);
/* An option that is a number of seconds; 0: not added. */
int option_set_add_seconds(struct option_set *set, uint16_t code, uint32_t seconds);
void option_set_fini(struct option_set *set); /* a zeroed one is fine */

/*
 * Walks the options of several sets in order of the code. If several sets have the same code, the
 * option of the first one is returned. The sets are borrowed.
 */
enum { OPTION_SCOPES_MAX = 16 };
struct option_walk {
	const struct option_set *set[OPTION_SCOPES_MAX];
	size_t next[OPTION_SCOPES_MAX];
	size_t sets;
};

/* Adds the set of the next wider scope; sets past OPTION_SCOPES_MAX are left out. */
void option_walk_add(struct option_walk *walk, const struct option_set *set);
/* The next option and its octets; NULL at the end. */
const struct option_octets *option_walk_next(struct option_walk *walk, const uint8_t **octets);

#endif
