/* SPDX-License-Identifier: ISC */
/*
 * A list of link names and shell patterns, "vlan*", "br-prov", with exceptions, "!vlan99". It
 * matches a link if some pattern matches the name and no exception does; the order is irrelevant.
 * Alternative names of a link (`ip link property add altname`) count like its name.
 */
#ifndef NB6_NETLINK_LINK_PATTERN_H
#define NB6_NETLINK_LINK_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct link;

enum { LINK_PATTERN_MAX = 127 }; /* octets, as of an alternative name (ALTIFNAMSIZ - 1) */

struct link_patterns {
	char (*pattern)[LINK_PATTERN_MAX + 2]; /* as written, with its '!' */
	size_t count;
};

/*
 * Add a pattern. Returns 0, -EINVAL if no link's name can match it (empty, over 127 octets, '/',
 * white space), or -ENOMEM.
 */
int link_patterns_add(struct link_patterns *patterns, const char *pattern);
void link_patterns_fini(struct link_patterns *patterns);

/* By a name alone. */
bool link_patterns_match(const struct link_patterns *patterns, const char *name);

/* By the name and the alternative names. An exception that matches any of them excludes the link.
 */
bool link_patterns_match_link(const struct link_patterns *patterns, const struct link *link);

/* True if the pattern is one plain name: such a link is known even while it does not exist. */
bool link_pattern_is_name(const char *pattern);

#endif
