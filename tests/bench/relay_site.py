# SPDX-License-Identifier: ISC
"""Where relays are measured: N client links, a router, a server; and the relays.

        clients                 router                    server
   c1 ─────────────────── lan1
   c2 ─────────────────── lan2       core ─────────────── core
   ...                    ...
   2001:db8:1:N::1 on lanN          2001:db8:100::1       2001:db8:100::69

The clients are frames that tests/bench/load.c makes; nobody listens at their end, so
that what is measured is the router. Their neighbour entries are permanent: none is
ever asked for, and the kernel's limit on entries does not count.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from lab.netns import Lab, run, wait_for
from lab.packages import PackageError, unpacked
from lab.topology import CORE_ROUTER, SERVER, program

CLIENTS_AT_LEAST = 256
CPU = max(os.sched_getaffinity(0))  # of the relay
OTHER_CPU = min(os.sched_getaffinity(0))  # the same one if there is only one


class NotStarted(Exception):
    """A relay that cannot serve so many links; says what it said."""


class RelaySite:
    def __init__(self, lab, links, clients=CLIENTS_AT_LEAST):
        self.lab = lab
        self.links = links
        self.per_link = max(1, clients // links)
        self.clients = lab.namespace("clients")
        self.router = lab.namespace("router")
        self.server = lab.namespace("server")
        for which in ("all", "default"):
            self.clients.sysctl(f"net.ipv6.conf.{which}.disable_ipv6", 1)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        lab.veth(self.router, "core", self.server, "core")
        self.router.address("core", f"{CORE_ROUTER}/64")
        self.server.address("core", f"{SERVER}/64")
        self.server.route("default", "via", CORE_ROUTER)
        self._make_links()

    def _make_links(self):
        numbers = range(1, self.links + 1)
        peer = f"netns {self.clients.full_name}"
        self.batch(
            self.router,
            "links",
            (f"link add lan{n} up type veth peer name c{n} {peer}" for n in numbers),
        )
        self.batch(self.clients, "up", (f"link set c{n} up" for n in numbers))
        self.batch(
            self.router,
            "addresses",
            (f"address add 2001:db8:1:{n:x}::1/64 dev lan{n} nodad" for n in numbers),
        )
        self.batch(self.router, "neighbours", map(self._neighbour, self._client_numbers()))
        last = f"lan{self.links}"
        wait_for(lambda: "fe80::" in self.router.ip("address", "show", last).stdout, 60, last)

    def _client_numbers(self):
        return range(self.links * self.per_link)

    def _neighbour(self, client):
        high, low = client >> 8, client & 255
        return (
            f"neigh add fe80::5054:ff:fe00:{client:x} lladdr 52:54:00:00:{high:02x}:{low:02x}"
            f" dev lan{client % self.links + 1} nud permanent"
        )

    def batch(self, namespace, name, lines):
        """Lines for `ip -6`, all at once."""
        path = self.lab.file(f"{name}.batch", "\n".join(lines) + "\n")
        run("ip", "-n", namespace.full_name, "-6", "-batch", path, timeout=600)

    def lan_names(self):
        return [f"lan{n}" for n in range(1, self.links + 1)]

    # --- a relay, and the load on it ------------------------------------------------
    def start(self, relay, pinned=True):
        """Start it, pinned to the CPU that it is measured on, or not. Returns (Process, seconds to ready)."""
        argv, env = RELAYS[relay](self)
        begin = time.monotonic()
        log = self.lab.directory / f"{self.router.name}-{relay}.log"
        before = log.stat().st_size if log.exists() else 0  # of earlier rounds
        ours = relay.startswith("relayd")
        pin = ("taskset", "-c", CPU) if pinned else ()
        process = self.router.popen(relay, *pin, *argv, env=env, ours=ours)
        last = f"lan{self.links}"

        def ready():
            if not process.running():
                raise NotStarted(f"{relay} ended at once:\n{process.tail()}")
            return self.router.listens("udp", 547) and self.router.joined(last)

        if relay in READY_LINE:
            process.wait_for_line(READY_LINE[relay], limit=60, since=before)
        else:
            wait_for(ready, 60, lambda: f"{relay} serves {last}; it said:\n{process.tail()}")
        return process, time.monotonic() - begin

    def load(self, process, messages, burst, limit_ms, flood=0, interval_us=0):
        """One run of tests/bench/load; what it found."""
        argv = [program("tests/bench/load"), "-u", CPU, "-a", CORE_ROUTER, "-p", process.pid]
        argv += ["-c", self.clients.full_name, "-r", self.router.full_name]
        argv += ["-s", self.server.full_name, "-l", self.links, "-k", self.per_link]
        argv += ["-n", messages, "-b", burst, "-t", limit_ms, "-f", flood, "-i", interval_us]
        return json.loads(run(*argv, timeout=120).stdout)


@contextlib.contextmanager
def relay_site(links, clients=CLIENTS_AT_LEAST):
    """A RelaySite in a lab of its own, which goes away with it."""
    with tempfile.TemporaryDirectory(prefix="netboot6-bench-") as directory:
        with Lab(Path(directory)) as lab:
            yield RelaySite(lab, links, clients)


# --- the peers' packages ----------------------------------------------------------------
# Not installed, only unpacked: some start a service when they are. Those that need no more than
# libc come alone, without what their services want.
PACKAGES = {
    "isc": {"package": "isc-dhcp-relay", "alone": True},
    "dibbler": {"package": "dibbler-relay"},
    "wide": {"package": "wide-dhcpv6-relay", "alone": True},
    "dnsmasq": {"package": "dnsmasq-base"},
}


def peer_package(relay):
    return unpacked(**PACKAGES[relay], progress=lambda text: print(text, file=sys.stderr))


def available(relays):
    """The relays that are built or whose package is available; prints why others are not."""
    found = []
    for relay in relays:
        try:
            if relay in PACKAGES:
                peer_package(relay)
            found.append(relay)
        except PackageError as error:
            print(f"SKIPPED {relay}: {error}", file=sys.stderr)
    return found


# --- the relays: how each is started at a site, as (argv, environment) ---------------------
def null_relay(_):
    return [program("tests/bench/null_relay"), SERVER, CORE_ROUTER, "lan"], None


def relayd(site):
    control = site.lab.directory / "relayd.sock"
    return [program("netboot6-relayd"), "-f", "--control", control, "-i", "lan*", "-s", SERVER], None


def relayd_packet(site):
    argv, env = relayd(site)
    return [*argv, "--client-mac-by", "packet-socket"], env


def isc(site):
    package = peer_package("isc")
    lower = [word for name in site.lan_names() for word in ("-l", name)]
    argv = [package.program("dhcrelay"), "-6", "-d", "-q", "-I", "--no-pid", *lower]
    return [*argv, "-u", f"{SERVER}%core"], package.env


# Its files have fixed places: it gets an /etc and a /var/lib of its own.
DIBBLER = """
config=$(cat "$0")
mount -t tmpfs none /etc && mount -t tmpfs none /var/lib && mkdir /etc/dibbler /var/lib/dibbler &&
	echo "$config" >/etc/dibbler/relay.conf && exec "$@"
"""


def dibbler(site):
    package = peer_package("dibbler")
    text = "log-level 4\niface core {\n  server unicast " + SERVER + "\n}\n"
    for n, name in enumerate(site.lan_names(), 1):
        text += f"iface {name} {{\n  client multicast yes\n  interface-id {n + 5000}\n}}\n"
    config = site.lab.file("dibbler/relay.conf", text)
    return ["sh", "-c", DIBBLER, config, package.program("dibbler-relay"), "run"], package.env


def wide(site):
    package = peer_package("wide")
    argv = [package.program("dhcp6relay"), "-f", "-s", SERVER, "-r", "core"]
    return [*argv, *site.lan_names()], package.env


def dnsmasq(site):
    package = peer_package("dnsmasq")
    relays = "".join(
        f"dhcp-relay=2001:db8:1:{n:x}::1,{SERVER}\n" for n in range(1, site.links + 1)
    )
    config = site.lab.file("dnsmasq.conf", f"port=0\nuser=root\nleasefile-ro\n{relays}")
    return [package.program("dnsmasq"), "-k", f"--conf-file={config}", "--pid-file="], package.env


RELAYS = {
    "null": null_relay,
    "relayd": relayd,
    "relayd-packet": relayd_packet,
    "isc": isc,
    "dibbler": dibbler,
    "wide": wide,
    "dnsmasq": dnsmasq,
}
READY_LINE = {"null": "^relaying: ", "relayd": "notice: ready: ", "relayd-packet": "notice: ready: "}
