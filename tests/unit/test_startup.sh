#!/bin/sh
# SPDX-License-Identifier: ISC
# What a daemon prints when it cannot start, to a stderr that is neither a terminal nor the
# journal's; and the paths that the daemons and the netboot6 command must agree on.
top=${top_builddir:-.}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
unset JOURNAL_STREAM
bad=0

fail() {
	echo "$*"
	bad=1
}

# expect STATUS TEXT COMMAND...: it exits with this status and has TEXT on stderr.
expect() {
	status=$1 text=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ $got -eq "$status" ] || fail "$*: exit status $got, expected $status"
	grep -qF -e "$text" "$dir/err" || fail "$*: stderr lacks '$text': $(cat "$dir/err")"
}

echo 'nonsense = 1' >"$dir/bad.conf"
for daemon in relayd bootd; do
	program=$top/netboot6-$daemon
	expect 78 "$dir/bad.conf:1: " "$program" -c "$dir/bad.conf"
	expect 78 "$dir/bad.conf:1: " "$program" -t -c "$dir/bad.conf"
	expect 78 "$dir/missing.conf" "$program" -c "$dir/missing.conf"
done

# A NUL octet does not hide the rest of the file.
for daemon in relayd bootd; do
	printf 'quiet = true\n\n\000nonsense = 1\n' >"$dir/nul.conf"
	expect 78 "$dir/nul.conf:3: there is an octet that is no UTF-8 text" "$top/netboot6-$daemon" -t -c "$dir/nul.conf"
done

# A wrong command line is a bad configuration, too: starting again would not help.
for daemon in relayd bootd; do
	program=$top/netboot6-$daemon
	expect 78 'unknown option "--forground"; did you mean "--foreground"?' "$program" --forground
	expect 78 'unknown option "-x"' "$program" -x
	expect 78 '-c: expected a value' "$program" -c
	expect 78 '"extra" was not expected' "$program" extra
done

# Text is shown as compilers show it, also for a person at -t; a good file gets a line.
echo 'subnet "2001:db8::/64" {}' >"$dir/good-bootd.conf"
printf 'interfaces = {"lan*"}\nserver "2001:db8::1" {}\n' >"$dir/good-relayd.conf"
for daemon in relayd bootd; do
	program=$top/netboot6-$daemon
	"$program" -t -c "$dir/bad.conf" 2>&1 | grep -qx "$dir/bad.conf:1: .*" ||
		fail "$daemon -t: a line does not start with its place"
	out=$("$program" -t -c "$dir/good-$daemon.conf" 2>&1) || fail "$daemon -t: $out"
	[ "${out#"$dir/good-$daemon.conf: valid: "}" != "$out" ] ||
		fail "$daemon -t says nothing of a good file: $out"
	echo 'user = "no-such-user"' >>"$dir/good-$daemon.conf"
	expect 78 'user: there is no user "no-such-user"' "$program" -t -c "$dir/good-$daemon.conf"
done

# The default control paths: one that a privileged daemon can create, and the same on both sides.
for daemon in relayd bootd; do
	path=$("$top/netboot6/netboot6" --help | grep -o "/[^] ,[]*/netboot6/$daemon.sock")
	[ -n "$path" ] || fail "netboot6 --help names no control socket of $daemon"
	grep -qaF -e "$path" "$top/netboot6-$daemon" ||
		fail "netboot6 looks for $daemon at $path, $daemon has another default"
done
# docs/logging.md lists the events that people alert on.
srcdir=${srcdir:-.}
for id in $(grep -o '"[0-9a-f]\{32\}"' "$srcdir/daemon/log_write.c" | tr -d '"'); do
	grep -q "$id" "$srcdir/docs/logging.md" || fail "docs/logging.md lacks the event $id"
done
exit $bad
