# SPDX-License-Identifier: ISC
"""A machine on a link, and the DHCPv6 clients of others that run on it.

        bridge of a site ── to-NAME ── eth0 [NAME]

A client believes that it has the system for itself: /etc, /run, /var/lib and
/var/log are directories of the lab to it, so nothing of it reaches the host.
What it received goes to the file `events`, by a script of ours in the place of
its own; what it did with it is read from the kernel, and what was said on the
link from Exchanges, which knows no codec but the first four octets.
"""

import functools
import hashlib
import json
import os
import select
import socket
import stat

from lab.bench import SO_RCVBUFFORCE
from lab.netns import fixed_mac, link_local, missing_programs
from lab.packages import PackageError, Unpacked, unpacked
from lab.wire import ETH_P_ALL

ETH_P_IPV6 = b"\x86\xdd"
CLIENT_PORT = (546).to_bytes(2, "big")
SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION_REQUEST = 11
IFACE = "eth0"
ETC = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "wide-dhcpv6")  # what programs read there

# Every client calls this when something is new. Only dhclient leaves the address to its
# script, which ends with 3 where the address is a duplicate: the kernel has removed it then.
SCRIPT = """\
#!/bin/sh
{ echo "--- $reason"; env; } >> EVENTS
address=${new_ip6_address:-$old_ip6_address}
case $reason in
BOUND6 | RENEW6 | REBIND6)
	ip -6 address replace "$address/128" dev eth0 \\
		valid_lft "$new_max_life" preferred_lft "$new_preferred_life" || exit 1
	while ip -6 address show dev eth0 tentative | grep -q "$address"; do :; done
	ip -6 address show dev eth0 | grep -q "$address" || exit 3 ;;
EXPIRE6 | RELEASE6 | STOP6 | FAIL6)
	[ -z "$address" ] || ip -6 address delete "$address/128" dev eth0 2> /dev/null ;;
esac
exit 0
"""

# NAME/etc and so on take the place of the host's directories, in the mount namespace that
# `ip netns exec` has made.
ENTER = """\
set -e
for part in etc run var/lib var/log; do mount --bind "$0/$part" "/$part"; done
cd "$0"
exec "$@"
"""


class Machine:
    """One network card, eth0, on a bridge of the site; `dad`: it looks for duplicates."""

    def __init__(self, site, name, bridge, dad=False):
        self.site = site
        self.name = name
        self.namespace = site.lab.namespace(name)
        self.directory = site.lab.directory / name
        self.events = self.directory / "events"
        if dad:
            self.namespace.sysctl("net.ipv6.conf.default.accept_dad", 1)
        site.lab.veth(self.namespace, IFACE, site.clients, f"to-{name}")
        site.clients.bridge_port(bridge, f"to-{name}")
        self.mac = fixed_mac(name, IFACE)
        self.link_local = link_local(self.mac)
        self._make_directories()

    def _make_directories(self):
        for part in ("etc", "run/dhcpcd", "var/lib/dhcp", "var/lib/dhcpcd", "var/lib/dhcpv6",
                     "var/lib/dibbler", "var/log/dibbler"):
            (self.directory / part).mkdir(parents=True)
        self.events.touch()
        for name in ETC:
            self.namespace.run("cp", "-a", f"/etc/{name}", self.directory / "etc", check=False)
        self.script = self.file("script", SCRIPT.replace("EVENTS", str(self.events)))
        self.script.chmod(stat.S_IRWXU)

    def file(self, name, text):
        return self.site.lab.file(f"{self.name}/{name}", text)

    def popen(self, name, *argv, env=None):
        return self.namespace.popen(name, "sh", "-c", ENTER, self.directory, *argv, env=env)

    def run(self, *argv, **options):
        return self.namespace.run("sh", "-c", ENTER, self.directory, *argv, **options)

    def inside(self, process, *argv):
        """Run a command with the files that a client of this machine has."""
        return self.namespace.run("nsenter", "-m", "-n", "-t", process.pid, *argv, check=False)

    def addresses(self):
        """{address: seconds that it is still valid} of the global ones that are good."""
        shown = self.namespace.ip("-j", "-6", "address", "show", "dev", IFACE, "scope", "global")
        return {
            row["local"]: row["valid_life_time"]
            for link in json.loads(shown.stdout)
            for row in link.get("addr_info", ())
            if "local" in row and not row.get("tentative") and not row.get("dadfailed")
        }

    def address(self):
        return next(iter(self.addresses()), None)

    def is_link_local_ready(self):
        shown = self.namespace.ip("-6", "address", "show", "dev", IFACE, "scope", "link")
        return "fe80" in shown.stdout and "tentative" not in shown.stdout

    def carrier(self, state):
        """Pull the cable, or plug it in again."""
        self.site.clients.ip("link", "set", f"to-{self.name}", state)


class Exchanges:
    """Who said what on a link: the frames in both directions, read when asked."""

    def __init__(self, namespace, device):
        with namespace.entered():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((device, ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        namespace.lab.closing.callback(self.sock.close)
        self.seen = []  # (link-local address of the client, type, transaction)

    def _read(self):
        while select.select([self.sock], [], [], 0)[0]:
            frame = self.sock.recv(65535)
            if frame[12:14] != ETH_P_IPV6 or frame[20] != socket.IPPROTO_UDP:
                continue
            ports = frame[54:56], frame[56:58]
            source, target, payload = frame[22:38], frame[38:54], frame[62:]
            for client, port in ((source, ports[0]), (target, ports[1])):
                if port == CLIENT_PORT:
                    client = socket.inet_ntop(socket.AF_INET6, client)
                    self.seen.append((client, payload[0], payload[1:4]))

    def mark(self):
        self._read()
        return len(self.seen)

    def answered(self, machine, kind, since=0):
        """True where a message of this type, from mark() on, has its answer after it.

        After it, for dibbler's Renew bears the transaction of its Request.
        """
        self._read()
        mine = [say[1:] for say in self.seen[since:] if say[0] == machine.link_local]
        answer = ADVERTISE if kind == SOLICIT else REPLY
        return any(
            what == kind and (answer, transaction) in mine[at:]
            for at, (what, transaction) in enumerate(mine)
        )


# --- clients ----------------------------------------------------------------------


class Client:
    """What all have in common."""

    releases = True  # when it ends

    def __init__(self, machine):
        self.machine = machine

    def was_told(self, text):
        """It has told its script."""
        return text in self.machine.events.read_text()


class Dhclient(Client):
    """ISC dhclient. It does not look at the link: it confirms when it is started again.

    The only one of these that declines an address.
    """

    program, package, name = "dhclient", "isc-dhcp-client", "dhclient"

    def __init__(self, machine):
        super().__init__(machine)
        self.config = machine.file("dhclient.conf", "also request dhcp6.name-servers;\n")
        self.files = ["-sf", machine.script, "-cf", self.config]
        self.files += ["-pf", machine.directory / "pid", "-lf", machine.directory / "leases"]

    def start(self, *how):
        argv = (self.program, "-6", "-d", *how, *self.files, IFACE)
        self.process = self.machine.popen(self.name, *argv)

    def ask_information(self):
        self.start("-S")

    def release(self):
        self.machine.run(self.program, "-6", "-r", *self.files, IFACE)

    def confirm(self):
        self.process.send_signal(9)
        self.process.popen.wait()
        self.start()


class Dhcpcd(Client):
    """dhcpcd. Without router advertisements it has to be told that it shall use DHCPv6.

    Version 9 does not decline: that the kernel removed a duplicate is to it a removal by hand.
    And it often ends before the process that sends for it has sent the Release.
    """

    program, package, name = "dhcpcd", "dhcpcd-base", "dhcpcd"
    releases = False

    def start(self, what="ia_na 1", how=()):
        text = f"ipv6only\nnoipv6rs\nduid\noption dhcp6_name_servers\ninterface {IFACE}\n\t{what}\n"
        config = self.machine.file("dhcpcd.conf", text)
        files = ("-f", config, "-c", self.machine.script)
        argv = (self.program, "-6", "-B", "-d", *files, *how, IFACE)
        self.process = self.machine.popen(self.name, *argv)

    def ask_information(self):
        self.start(what="", how=["--inform6"])

    def release(self):
        self.machine.inside(self.process, self.program, "-6", "-k", IFACE)

    def confirm(self):
        self.machine.carrier("down")
        self.process.wait_for_line("carrier lost")
        self.machine.carrier("up")


class Dibbler(Client):
    """dibbler-client. It confirms when it is started again and finds its database.

    It does not decline: a duplicate that the kernel removed is no duplicate to it. After a
    Rebind its Release still names the server that it had before.
    """

    program, package, name = "dibbler-client", "dibbler-client", "dibbler"

    def start(self, what="ia"):
        (self.machine.directory / "etc/dibbler").mkdir(exist_ok=True)
        self.machine.file(
            "etc/dibbler/client.conf",
            f'log-mode short\nlog-level 8\nscript "{self.machine.script}"\n'
            f'iface "{IFACE}" {{\n\t{what}\n\toption dns-server\n}}\n',
        )
        files = files_of(Dibbler)
        argv = (files.program(self.program), "run")
        self.process = self.machine.popen(self.name, *argv, env=files.env)

    def ask_information(self):
        self.start("stateless")

    def release(self):
        self.process.stop()

    def confirm(self):
        self.process.send_signal(9)
        self.process.popen.wait()
        (self.machine.directory / "var/lib/dibbler/client.pid").unlink(missing_ok=True)
        self.start()


class Wide(Client):
    """WIDE dhcp6c (KAME). It knows neither Confirm nor Decline."""

    program, package, name = "dhcp6c", "wide-dhcpv6-client", "dhcp6c"
    confirm = None

    def start(self, what="send ia-na 0", how=()):
        config = self.machine.file(
            "dhcp6c.conf",
            f'interface {IFACE} {{ {what}; request domain-name-servers; '
            f'script "{self.machine.script}"; }};\nid-assoc na 0 {{ }};\n',
        )
        files = files_of(Wide)
        argv = (files.program(self.program), "-f", "-D", "-c", config)
        argv += ("-p", self.machine.directory / "pid", *how, IFACE)
        self.process = self.machine.popen(self.name, *argv, env=files.env)

    def ask_information(self):
        self.start("information-only")

    def release(self):
        self.process.stop()


class Networkd(Client):
    """systemd-networkd, without the rest of systemd. Its DUID tells nothing of the MAC.

    It gives up what it has when the cable is pulled, so it has nothing to confirm, and
    version 252 does not release.
    """

    program, package, name = "systemd-networkd", "systemd", "networkd"
    confirm, releases = None, False
    user_id = 998

    def start(self, without_ra="solicit"):
        machine = self.machine
        machine.file("etc/machine-id", hashlib.sha256(machine.name.encode()).hexdigest()[:32] + "\n")
        machine.file(
            f"etc/systemd/network/{IFACE}.network",
            f"[Match]\nName={IFACE}\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n"
            f"[DHCPv6]\nWithoutRA={without_ra}\n",
        )
        self._make_user()
        files = files_of(Networkd)
        # With a /sys that can be written to it would wait for what udev says of the link.
        start = "mount -o remount,ro /sys; exec " + str(files.program(self.program))
        env = {"SYSTEMD_LOG_LEVEL": "debug", "SYSTEMD_LOG_TARGET": "console", **files.env}
        self.process = machine.popen(self.name, "sh", "-c", start, env=env)

    def _make_user(self):
        """It becomes systemd-network, who need not be known on the host."""
        passwd = self.machine.directory / "etc/passwd"
        others = [row for row in passwd.read_text().splitlines() if "systemd-network" not in row]
        mine = f"systemd-network:x:{self.user_id}:{self.user_id}::/:/usr/sbin/nologin"
        passwd.write_text("\n".join([*others, mine]) + "\n")
        self.state = self.machine.directory / "run/systemd/netif"
        for directory in ("", "links", "leases", "lldp"):
            (self.state / directory).mkdir(parents=True, exist_ok=True)
            os.chown(self.state / directory, self.user_id, self.user_id)

    def ask_information(self):
        self.start(without_ra="information-request")

    def was_told(self, text):
        """It has no script, but files with its state.

        Of answers without an address, version 252 writes nothing there: that it has
        taken the Reply has to do.
        """
        states = "".join(path.read_text() for path in (self.state / "links").iterdir())
        stateless = "Starting in Information request mode" in self.process.text()
        return text in states or (stateless and "Processed Reply message" in self.process.text())


CLIENTS = (Dhclient, Dhcpcd, Dibbler, Wide, Networkd)


@functools.cache
def files_of(client):
    """Where the client's programs are, as packages.Unpacked; PackageError where it cannot be had."""
    return Unpacked("/") if not missing_programs(client.program) else unpacked(client.package)


def why_missing(client):
    """None where the client is there, else the reason."""
    try:
        files_of(client).program(client.program)
    except PackageError as error:
        return str(error)
    return None
