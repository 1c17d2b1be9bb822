#!/bin/sh
# SPDX-License-Identifier: ISC
# `make install` gives files that work: no placeholder such as @sbindir@ is left in one, and
# systemd accepts the units. Runs in the build directory; $MAKE is make.
set -u
tree=$(mktemp -d "${TMPDIR:-/tmp}/netboot6-install.XXXXXX") || exit 99
trap 'rm -rf "$tree"' EXIT
trap 'exit 99' HUP INT TERM
bad=0
made="dist/*.service dist/*.socket dist/tmpfiles.d/*.conf dist/sysusers.d/netboot6-bootd.conf
dist/openrc/netboot6-bootd dist/openrc/netboot6-relayd docs/netboot6-*d.8 docs/netboot6-*d.conf.5"

# An installation of its own, with a prefix that configure has not seen. The units are made for
# it, and are made again for the next user of this build directory.
rm -f $made
MAKEFLAGS='' ${MAKE:-make} install prefix="$tree" sysconfdir="$tree/etc" \
	localstatedir="$tree/state" runstatedir="$tree/control" \
	systemdsystemunitdir="$tree/lib/systemd/system" >"$tree/log" 2>&1 ||
	{ cat "$tree/log"; exit 1; }
rm -f $made "$tree/log"

left=$(grep -rInE '@[A-Za-z_]+@' "$tree")
if [ -n "$left" ]; then
	echo "placeholders are left in installed files:"
	echo "$left"
	bad=1
fi

# Nothing names a file where another installation would have it. Programs have the paths that
# configure was told.
wrong=$(grep -rInE '(^|[^A-Za-z0-9])(/usr/local)?(/etc|/run|/var/run|/var/lib)/netboot6' "$tree/lib" "$tree/share/man" "$tree/etc" 2>/dev/null)
if [ -n "$wrong" ]; then
	echo "files that are not there are named:"
	echo "$wrong"
	bad=1
fi
for page in "$tree"/share/man/man8/netboot6-*d.8; do
	[ -e "$page" ] || continue
	grep -q "$tree/etc/netboot6/" "$page" && grep -q "$tree/control/netboot6/" "$page" ||
		{ echo "$page does not name the configuration and the control socket"; bad=1; }
done

found=0
for unit in "$tree"/lib/systemd/system/*; do
	[ -e "$unit" ] || continue
	found=$((found + 1))
	# Each program that a unit runs is installed.
	for program in $(sed -n 's/^Exec[A-Za-z]*=[-@:+!]*\([^ ]*\).*/\1/p' "$unit"); do
		[ -x "$program" ] || { echo "$unit runs $program, which is not there"; bad=1; }
	done
	command -v systemd-analyze >/dev/null || continue
	# 252 reports an unknown setting, and ends with 0 all the same.
	said=$(SYSTEMD_UNIT_PATH="$tree/lib/systemd/system:" systemd-analyze verify --man=no "$unit" 2>&1)
	status=$?
	if [ $status -ne 0 ] || echo "$said" | grep -q netboot6; then
		echo "systemd-analyze verify $unit: exit $status"
		echo "$said"
		bad=1
	fi
done
# Manual pages name the directories of this installation.
for page in "$tree"/share/man/man*/netboot6*; do
	wrong=$(sed -e "s|$tree/etc/netboot6||g" "$page" | grep /etc/netboot6)
	[ -z "$wrong" ] || { echo "$page names the wrong directory: $wrong"; bad=1; }
done
grep -q "$tree/etc/netboot6/relayd.conf" "$tree"/share/man/man5/netboot6-relayd.conf.5 ||
	{ echo "netboot6-relayd.conf(5) does not name $tree/etc/netboot6/relayd.conf"; bad=1; }

# The old name of a manual page leads to the page.
for page in $(grep -l '^\.so ' "$tree"/share/man/man*/*); do
	named=$tree/share/man/$(sed -n 's/^\.so //p' "$page")
	[ -e "$named" ] || { echo "$page leads to $named, which is not there"; bad=1; }
done

echo "$found units are installed and valid"
[ $bad -eq 0 ]
