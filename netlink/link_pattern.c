/* SPDX-License-Identifier: ISC */
/* Patterns are matched by fnmatch(3). */
#include "netlink/link_pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

int link_patterns_add(struct link_patterns *patterns, const char *pattern)
{
	const char *name = pattern + (*pattern == '!');
	char(*grown)[IFNAMSIZ + 1];

	if (!*name || strlen(name) >= IFNAMSIZ || strpbrk(name, "/ \t\n"))
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

bool link_patterns_match(const struct link_patterns *patterns, const char *name)
{
	bool matches = false;

	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->pattern[i];

		if (*pattern == '!' && fnmatch(pattern + 1, name, 0) == 0)
			return false;
		if (*pattern != '!' && fnmatch(pattern, name, 0) == 0)
			matches = true;
	}
	return matches;
}

bool link_pattern_is_name(const char *pattern)
{
	return *pattern != '!' && !strpbrk(pattern, "*?[\\");
}
