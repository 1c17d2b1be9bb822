#!/bin/sh
# SPDX-License-Identifier: ISC
# The command line of netboot6 without a daemon: help, completions, and what it says about a wrong one.
command=netboot6/netboot6
srcdir=${srcdir:-.}
failed=0

fail() {
	echo "FAIL: $1" >&2
	failed=1
}

# refuses "TEXT" ARGUMENT...: exit status 2, and this text on stderr.
refuses() {
	text=$1
	shift
	output=$($command "$@" 2>&1 >/dev/null)
	[ $? -eq 2 ] || fail "netboot6 $*: exit status is not 2"
	case $output in
	*"$text"*) ;;
	*) fail "netboot6 $*: no \"$text\" in: $output" ;;
	esac
}

# prints "TEXT" ARGUMENT...: exit status 0, and this text on stdout.
prints() {
	text=$1
	shift
	output=$($command "$@") || fail "netboot6 $*: exit status is not 0"
	case $output in
	*"$text"*) ;;
	*) fail "netboot6 $*: no \"$text\" in: $output" ;;
	esac
}

prints 'boot show MACHINE' help
prints 'boot show MACHINE' --help
prints '--state STATE' help boot leases
prints '--state STATE' boot leases --help
prints 'usage: netboot6 boot COMMAND' help boot
prints 'usage: netboot6 relay COMMAND' relay --help
prints 'netboot6 ' --version
prints 'doctor ' help

refuses 'did you mean "doctor"?' docter
refuses 'doctor takes no argument "relay"' doctor relay
refuses 'no options after doctor but' doctor --mac 52:54:00:12:34:56

refuses 'did you mean "relay"?' relya links
refuses 'Commands of relay: status links' relay
refuses 'did you mean "links"?' relay lniks
refuses 'did you mean "reload"?' boot relod
refuses 'Commands of boot: status' boot zzzzzz
refuses 'did you mean "--json"?' relay links --jsno
refuses 'did you mean "--user-class"?' boot explain --userclass=iPXE
refuses 'Options of relay trace: --json --control --mac' relay trace --foo x
$command relay trace --foo 2>&1 | grep -q 'did you mean' && fail 'an option of another command is suggested'
refuses '--packet: expected --capture FILE too' boot explain --packet 3
refuses '--capture and --message exclude each other' boot explain --capture x --message 00
refuses '--csv and --json exclude each other' boot leases --csv --json
refuses 'relay links has no option --mac' relay links --mac 52:54:00:12:34:56
refuses 'boot status has no option --csv' boot status --csv
refuses '--json takes no value' relay links --json=yes
refuses '--mac: expected a value' boot explain --mac
refuses 'takes no argument "vlan100"' relay links vlan100
refuses 'takes no argument "db2" after MACHINE' boot show db1 db2
refuses 'boot show: expected MACHINE' boot show
refuses 'takes no argument "pool=x"' boot explain pool=x
refuses 'expected a number from 1' boot explain --capture x --packet 1x
refuses 'expected a number from 1' boot explain --capture x --packet 99999999999
refuses 'expected bash, zsh or fish' completion tcsh
refuses '--message: expected once' boot explain --message 00 --message 01
# shellcheck disable=SC2046
refuses 'too many options' boot explain $(printf -- '--arch=%d ' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25)
refuses '--host: the value is too long' boot leases --host "$(printf '%0300d' 0)"

refuses 'boot tls: expected init|check' boot tls
refuses 'boot tls enrol: expected init or check' boot tls enrol
refuses 'boot tls check has no option --days' boot tls check --days 3
refuses 'boot tls init has no option --certificate' boot tls init --certificate x
refuses 'expected a number from 1 to 36500' boot tls init --days 0
refuses 'expected a number from 1 to 36500' boot tls init --days 36501
refuses 'expected a number from 1 to 36500' boot tls init --days 1x
refuses 'expected rsa or ecdsa' boot tls init --key dsa

# Made, and looked at.
tls=$(mktemp -d)
if $command boot tls init --directory "$tls/a" --name ::1 2>&1 | grep -q 'has no TLS'; then
	echo 'this build has no TLS'
else
	prints 'existing CA' boot tls init --directory "$tls/a" --name 2001:DB8:0::69 --name b.example --key ecdsa
	prints 'names: 2001:db8::69 b.example' boot tls check --certificate "$tls/a/server-ecdsa.crt"
	prints '"accepts":true,"gets":"RSA 3072"' boot tls check --json --certificate "$tls/a/server.crt"
	prints 'it has RSA only: add an RSA certificate' boot tls check --certificate "$tls/a/server-ecdsa.crt"
	prints 'etc/edk2/https/cacerts' boot tls init --directory "$tls/b" --name ::1
	output=$($command boot tls check --certificate "$tls/a/ca.crt")
	[ $? -eq 1 ] || fail 'boot tls check: a CA as certificate has not status 1'
	output=$($command boot tls check --certificate "$tls/a/server.key" 2>&1)
	[ $? -eq 1 ] || fail 'boot tls check: a key as certificate has not status 1'
	case $output in *'has no certificate'*) ;; *) fail "boot tls check: $output" ;; esac
	output=$($command boot tls init --directory "$tls/a" --name 'a,b' 2>&1) && fail 'a comma in a name'
	case $output in *'neither an address nor a DNS name'*) ;; *) fail "boot tls init: $output" ;; esac
fi
rm -r "$tls"

# What is not written is not there: exit status 1, and the reason.
for argument in --help --version 'completion bash'; do
	# shellcheck disable=SC2086
	output=$($command $argument 2>&1 >/dev/full)
	[ $? -eq 1 ] || fail "netboot6 $argument >/dev/full: exit status is not 1"
	case $output in
	*'output cannot be written: No space left on device'*) ;;
	*) fail "netboot6 $argument >/dev/full: $output" ;;
	esac
	# shellcheck disable=SC2086
	$command $argument 2>/dev/null >&- && fail "netboot6 $argument without stdout: exit status is 0"
done

# No daemon: which one, and where.
output=$($command --control /nonexistent/sock boot status 2>&1)
[ $? -eq 1 ] || fail 'without a daemon the exit status is not 1'
case $output in
*'/nonexistent/sock: No such file or directory: netboot6-bootd does not run, or has another'*) ;;
*) fail "without a daemon: $output" ;;
esac

for row in bash:netboot6 zsh:_netboot6 fish:netboot6.fish; do
	$command completion "${row%%:*}" | cmp - "$srcdir/netboot6/completion/${row##*:}" ||
		fail "$command completion ${row%%:*} > netboot6/completion/${row##*:} is to be run"
done

# The completion script itself, for a command, an option and nothing else.
if command -v bash >/dev/null; then
	completed=$(bash -c '. "$0"; COMP_WORDS=(netboot6 boot le); COMP_CWORD=2; _netboot6; echo "${COMPREPLY[*]}"
		COMP_WORDS=(netboot6 boot leases --st); COMP_CWORD=3; _netboot6; echo "${COMPREPLY[*]}"' \
		"$srcdir/netboot6/completion/netboot6" | tr '\n' ' ')
	[ "$completed" = 'leases --state ' ] || fail "bash completes \"$completed\""
fi
exit $failed
