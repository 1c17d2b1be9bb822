#!/bin/sh
# SPDX-License-Identifier: ISC
# docs/rfc-compliance.md and docs/reliability.md name tests as `file: test`: each must exist, or the
# tables lie.
srcdir=${srcdir:-.}
table=docs/*.md
named=$(grep -oh '`test_[a-z0-9_]*\.\(c\|py\): [^`]*`' "$srcdir/docs/rfc-compliance.md" "$srcdir/docs/reliability.md" | tr -d '`' | sort -u)
bad=0

[ -n "$named" ] || {
	echo "$table names no test"
	exit 1
}
while IFS= read -r line; do
	file=${line%%: *} name=${line#*: }
	found=$(ls "$srcdir"/tests/*/"$file" 2>/dev/null)
	if [ -z "$found" ]; then
		echo "$table: there is no $file (named for \"$name\")"
		bad=1
	elif ! grep -qwF -e "$name" "$found"; then
		echo "$table: $file has no \"$name\""
		bad=1
	fi
done <<END
$named
END
[ $bad -eq 0 ] && echo "$(echo "$named" | wc -l) tests are named, and all exist"
exit $bad
