/* SPDX-License-Identifier: ISC */
/*
 * Which links are meant: a list of names and shell patterns, "vlan*",
 * "br-prov", and exceptions, "!vlan99". A link is meant when some pattern
 * takes its name and no exception does, in whatever order they stand.
 */
#ifndef NB6_RELAYD_CONFIG_LINK_PATTERN_H
#define NB6_RELAYD_CONFIG_LINK_PATTERN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct link_patterns {
	char (*pattern)[IFNAMSIZ + 1]; /* as written, with its '!' */
	size_t count;
};

/*
 * Add a pattern. Returns 0, -EINVAL for one that no link's name can match
 * (empty, over 15 characters, '/', white space), or -ENOMEM.
 */
int link_patterns_add(struct link_patterns *patterns, const char *pattern);
void link_patterns_fini(struct link_patterns *patterns);

bool link_patterns_match(const struct link_patterns *patterns, const char *name);

/* True where the pattern is one plain name: a link that is awaited even while it is not there. */
bool link_pattern_is_name(const char *pattern);

#endif
