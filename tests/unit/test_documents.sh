#!/bin/sh
# SPDX-License-Identifier: ISC
# Each configuration that README, the manual pages, docs/*.md and the examples print is accepted by
# `-t` as it is printed, and the commands of netboot6 in them exist.
top=${top_builddir:-.}
srcdir=${srcdir:-.}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/root" "$dir/hosts.d"

# Files, because much of this runs in subshells.
fail() {
	echo "FAIL: $1" >&2
	touch "$dir/failed"
}
count() { echo >>"$dir/checked"; }

# check DAEMON WHERE: the text on stdin is a configuration of this daemon.
check() {
	program=$top/netboot6-$1
	sed -e "s|/srv/netboot6|$dir/root|; s|/etc/netboot6/hosts.d|$dir/hosts.d|" >"$dir/$1.conf"
	[ -s "$dir/$1.conf" ] || { fail "$2: no configuration is found there"; return; }
	out=$("$program" -t -c "$dir/$1.conf" 2>&1) || fail "$2: $out"
	count
}

# block FILE FIRST: the lines from one that matches to the end of its block, ``` or .Ed.
block() {
	awk -v first="$2" '$0 ~ first { inside = 1 } /^```|^\.Ed/ { inside = 0 } inside' "$srcdir/$1"
}

check bootd dist/bootd.conf <"$srcdir/dist/bootd.conf"
check relayd dist/relayd.conf <"$srcdir/dist/relayd.conf"
block README.md '^# /usr/local/etc/netboot6/bootd.conf' | check bootd README.md
block README.md '^# /usr/local/etc/netboot6/relayd.conf' | check relayd README.md
block README.md '^# relayd.conf' | check relayd 'README.md, both on one host'
{
	block README.md '^# /usr/local/etc/netboot6/bootd.conf'
	block README.md '^# bootd.conf, beside the rest'
} | check bootd 'README.md, both on one host'
block docs/evpn.md '^interfaces' | check relayd docs/evpn.md
sed -n '/^\.Sh EXAMPLES/,$p' "$top/docs/netboot6-bootd.conf.5" |
	sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' | check bootd 'netboot6-bootd.conf(5)'
for number in 1 2; do
	sed -n '/^\.Sh EXAMPLES/,$p' "$top/docs/netboot6-relayd.conf.5" |
		awk -v n=$number '/^\.Bd/ { i++; next } /^\.Ed/ { i += 0.5 } i == n + (n - 1) * 0.5' |
		grep -v '^\.' | check relayd "netboot6-relayd.conf(5), example $number"
done

# "netboot6 boot list" and so on.
grep -ohE 'netboot6 (relay|boot) [a-z-]+( --[a-z-]+)*' "$srcdir/README.md" "$srcdir"/docs/*.md |
	grep -v 'boot tls' | sort -u >"$dir/commands"
while read -r _ daemon command options; do
	help=$("$top/netboot6/netboot6" help "$daemon" "$command" 2>&1) ||
		fail "there is no command netboot6 $daemon $command"
	for option in $options; do
		case $help in
		*"$option "*) ;;
		*) fail "netboot6 $daemon $command has no option $option" ;;
		esac
	done
	count
done <"$dir/commands"
checked=$(wc -l <"$dir/checked")
[ "$checked" -gt 15 ] || fail "only $checked texts were found"
echo "$checked configurations and commands"
[ ! -e "$dir/failed" ]
