/* SPDX-License-Identifier: ISC */
/* Patterns are matched by fnmatch(3). */
#include "netlink/link_pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/link.h"

int link_patterns_add(struct link_patterns *patterns, const char *pattern)
{
	const char *name = pattern + (*pattern == '!');
	char(*grown)[LINK_PATTERN_MAX + 2];

	if (!*name || strlen(name) > LINK_PATTERN_MAX || strpbrk(name, "/ \t\n"))
		return -EINVAL;
	grown = reallocarray(patterns->pattern, patterns->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	patterns->pattern = grown;
	strcpy(patterns->pattern[patterns->count++], pattern);
	return 0;
}

void link_patterns_fini(struct link_patterns *patterns)
{
	free(patterns->pattern);
	*patterns = (struct link_patterns){0};
}

static bool matches_a_name(const char *pattern, const char *name, const char *altnames)
{
	if (fnmatch(pattern, name, 0) == 0)
		return true;
	for (const char *alt = altnames; alt && *alt; alt += strlen(alt) + 1)
		if (fnmatch(pattern, alt, 0) == 0)
			return true;
	return false;
}

static bool match_names(
	const struct link_patterns *patterns, const char *name, const char *altnames)
{
	bool matches = false;

	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->pattern[i];

		if (*pattern == '!' && matches_a_name(pattern + 1, name, altnames))
			return false;
		if (*pattern != '!' && matches_a_name(pattern, name, altnames))
			matches = true;
	}
	return matches;
}

bool link_patterns_match(const struct link_patterns *patterns, const char *name)
{
	return match_names(patterns, name, NULL);
}

bool link_patterns_match_link(const struct link_patterns *patterns, const struct link *link)
{
	return match_names(patterns, link->name, link->altnames);
}

bool link_pattern_is_name(const char *pattern)
{
	return *pattern != '!' && !strpbrk(pattern, "*?[\\");
}
