#!/bin/sh
# SPDX-License-Identifier: ISC
# The order of the modules, read from #include "...": a folder includes only from folders that
# stand below it in `order`, no circle is left between modules (a module is a .c file with its
# header), and every header compiles alone. A .c file includes its own header first, which shows
# the last for all headers that have one; CC compiles the others.
srcdir=${srcdir:-.}
cd "$srcdir" || exit 1
bad=0

# From top to bottom. Folders on one line do not include each other.
order='relayd bootd netboot6
relayd/packet bootd/view
relayd/view
relayd/prefixes
relayd/servers
relayd/links bootd/progress bootd/config bootd/page
relayd/config bootd/dhcp bootd/http bootd/tftp
bootd/bindings
bootd/rules
bootd/leases bootd/files
bootd/client
frame tls
http
daemon
netlink
dhcp6
util'

say() {
	echo "$*"
	bad=1
}

files=$(find bootd daemon dhcp6 frame http netboot6 netlink relayd tls util -name '*.[ch]' | sort)
# "FILE INCLUDED" of all of them; config.h is configure's.
includes=$(grep -H '^#include "' $files | sed 's/:#include "\([^"]*\)".*/ \1/' | grep -v ' config\.h$')

modules=$(echo "$includes" | sed 's/\.[ch] / /; s/\.[ch]$//')

# --- folders ---
upward=$(echo "$modules" | order=$order awk '
function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
BEGIN {
	lines = split(ENVIRON["order"], line, "\n")
	for (i = 1; i <= lines; i++) {
		names = split(line[i], name, " ")
		for (k = 1; k <= names; k++)
			level[name[k]] = i
	}
}
{
	from = folder($1); to = folder($2)
	if (from == to)
		next
	if (!(from in level) || !(to in level))
		print $1 " includes " $2 ": add its folder to the order in tests/unit/test_includes.sh"
	else if (level[from] >= level[to])
		print $1 " includes " $2 ": " to " is not below " from
}')
[ -z "$upward" ] || say "$upward"

# --- circles ---
edges=$(echo "$modules" | awk '$1 != $2' | sort -u)
circles=$(echo "$edges" | tsort 2>&1 >/dev/null | sed 's/^tsort: -*:* *//')
[ -z "$circles" ] || say "modules include each other in a circle:
$circles"

# --- headers that compile alone ---
for header in $(echo "$files" | grep '\.h$'); do
	source=${header%.h}.c
	if [ -f "$source" ]; then
		first=$(grep '^#include' "$source" | grep -v '<config\.h>' | head -n 1)
		[ "$first" = "#include \"$header\"" ] || say "$source does not include $header first"
	elif ! error=$(echo "#include \"$header\"" | ${CC:-cc} $NB6_CPPFLAGS -I. -D_GNU_SOURCE -fsyntax-only -x c - 2>&1); then
		say "$header does not compile alone:
$error"
	fi
done

[ $bad -eq 0 ] && echo "$(echo "$files" | wc -l) files in order, without a circle"
exit $bad
