/* SPDX-License-Identifier: ISC */
/*
 * A list of link names and shell patterns, "vlan*", "br-prov", with exceptions, "!vlan99". It
 * matches a link if some pattern matches the name and no exception does; the order is irrelevant.
 */
#ifndef NB6_NETLINK_LINK_PATTERN_H
#define NB6_NETLINK_LINK_PATTERN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct link_patterns {
	char (*pattern)[IFNAMSIZ + 1]; /* as written, with its '!' */
	size_t count;
};

/*
 * Add a pattern. Returns 0, -EINVAL if no link's name can match it (empty, over 15 characters, '/',
 * white space), or -ENOMEM.
 */
int link_patterns_add(struct link_patterns *patterns, const char *pattern);
void link_patterns_fini(struct link_patterns *patterns);

bool link_patterns_match(const struct link_patterns *patterns, const char *name);

/* True if the pattern is one plain name: such a link is known even while it does not exist. */
bool link_pattern_is_name(const char *pattern);

#endif
