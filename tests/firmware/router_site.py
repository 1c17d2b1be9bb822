# SPDX-License-Identifier: ISC
"""Two routers on a trunk, with real VLANs. For a kernel that has 8021q: a guest's.

        clients                     routers a and b               server
  ┌──────────────────┐        ┌──────────────────────┐     ┌──────────────────┐
  │                  │   ┌────┼ trunk                │     │                  │
  │  trunk ── to-a ──┼───┘    │  └ vlan10, vlan20 .. │     │  core            │
  │ (switch)         │        │  netboot6-relayd     │     │ (switch)         │
  │   │              │        │  keepalived     core ┼─────┼── to-a           │
  │   │              │        └──────────────────────┘     │                  │
  │   └── to-b ──────┼─────── b: the same ─────────────────┼── to-b           │
  └──────────────────┘                                     └──────────────────┘
   vlanN: 2001:db8:N::/64, a is ::a, b is ::b          2001:db8:100::/64, server ::69

Clients are a TrunkBench: frames with a VLAN tag in them.
"""

import itertools
import json
import socket

from scapy.layers.l2 import Dot1Q
from scapy.layers.dhcp6 import DHCP6OptClientLinkLayerAddr, DHCP6OptIfaceId

from lab.bench import CLIENT_MAC, Bench
from lab.process import PATIENCE, wait_for
from lab.topology import SERVER, program

CORE = "2001:db8:100::"
VLANS = 7  # the group of links that clear() deletes


def vlan_prefix(number):
    return f"2001:db8:{number}::"


class Router:
    """One of the two; `letter` ends its addresses."""

    def __init__(self, lab, letter):
        self.lab = lab
        self.letter = letter
        self.namespace = lab.namespace(letter)
        self.namespace.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.core_address = CORE + letter
        self.starts = itertools.count(1)
        self.control = lab.directory / f"relayd-{letter}.sock"

    # --- links ------------------------------------------------------------------
    def add_vlan(self, number, below="trunk", name=None, address=True):
        """The VLAN, up; with an address that is good at once. Returns its name."""
        name = name or f"vlan{number}"
        tag = ("type", "vlan", "id", number)
        self.namespace.ip("link", "add", "link", below, "name", name, "group", VLANS, "up", *tag)
        if address:
            self.namespace.address(name, f"{vlan_prefix(number)}{self.letter}/64")
        return name

    def batch(self, lines):
        """Many ip(8) commands at once."""
        path = self.lab.file("batch", "".join(f"{line}\n" for line in lines))
        self.namespace.ip("-batch", path)

    def popen(self, name, *argv, **options):
        """A program on this router; each start has a log of its own."""
        return self.namespace.popen(f"{name}-{next(self.starts)}", *argv, **options)

    # --- relayd --------------------------------------------------------------------
    def start_relayd(self, interfaces='"vlan*"', server=SERVER, how="", more="", options=()):
        config = f'interfaces = {{{interfaces}}}\nserver "{server}" {{ {how} }}\n{more}\n'
        path = self.lab.file(f"relayd-{self.letter}.conf", config)
        argv = (program("netboot6-relayd"), "-f", "-c", path, "--control", self.control, *options)
        relayd = self.popen("relayd", *argv, ours=True)
        relayd.wait_for_line("notice: ready: ")
        return relayd

    def ask(self, *words):
        """What relayd answers on its control socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10 * PATIENCE)
            sock.connect(str(self.control))
            sock.sendall(" ".join(words).encode() + b"\n")
            return json.loads(sock.makefile().readline())

    def link(self, name):
        """What relayd knows of a link; None: nothing."""
        return next((link for link in self.ask("links")["links"] if link["name"] == name), None)

    def await_state(self, name, state="ready"):
        """Waits until relayd shows the link in that state and, if it serves the link, has joined."""

        def reached():
            link = self.link(name)
            return link and link["state"] == state and link

        def what():
            return f"{name} of router {self.letter} is {state!r}: {self.link(name)}"

        return wait_for(reached, 10, what)

    def dropped(self, reason):
        return self.ask("status")["counters"]["dropped"].get(reason, 0)

    # --- keepalived -------------------------------------------------------------------
    def start_keepalived(self, number, priority, vmac=False):
        """One virtual router on a VLAN, with a link-local and a global address that end in ::f."""
        path = self.lab.file(
            f"keepalived-{self.letter}.conf",
            f"global_defs {{\n\trouter_id {self.letter}\n}}\n"
            f"vrrp_instance v{number} {{\n\tversion 3\n\tinterface vlan{number}\n"
            f"\tvirtual_router_id {number}\n\tpriority {priority}\n\tadvert_int 0.2\n"
            + (f"\tuse_vmac vrrp6.{number}\n" if vmac else "")
            + f"\tvirtual_ipaddress {{\n\t\tfe80::f/64\n\t\t{vlan_prefix(number)}f/64\n\t}}\n}}\n",
        )
        argv = ("keepalived", "--dont-fork", "--log-console", "--vrrp", "--use-file", path)
        pids = ("--pid", path.with_suffix(".pid"), "--vrrp_pid", path.with_suffix(".vrrp-pid"))
        return self.popen("keepalived", *argv, *pids)


class RouterSite:
    """The drawing above, on a Lab."""

    def __init__(self, lab):
        self.lab = lab
        self.clients = lab.namespace("clients")
        self.server = lab.namespace("server")
        self.clients.bridge("trunk")
        self.server.bridge("core")
        self.server.address("core", f"{SERVER}/64")
        self.a, self.b = Router(lab, "a"), Router(lab, "b")
        for router in (self.a, self.b):
            port = f"to-{router.letter}"
            lab.veth(self.clients, port, router.namespace, "trunk")
            self.clients.bridge_port("trunk", port)
            lab.veth(self.server, port, router.namespace, "core")
            self.server.bridge_port("core", port)
            router.namespace.address("core", f"{router.core_address}/64")

    def clear(self):
        """End all programs and delete all VLANs. Returns what our daemons did wrong, as texts."""
        complaints = []
        for process in reversed(self.lab.processes):
            complaints += process.complaints()
        self.lab.processes.clear()
        self.lab.closing.close()
        for namespace in (self.clients, self.a.namespace, self.b.namespace):
            namespace.ip("link", "del", "group", VLANS, check=False)
        return complaints

    def add_client_vlan(self, number):
        """The clients' end of a VLAN as a link, untagged; its name."""
        name = f"vlan{number}"
        tag = ("type", "vlan", "id", number)
        self.clients.ip("link", "add", "link", "trunk", "name", name, "group", VLANS, "up", *tag)
        return name


class TrunkBench(Bench):
    """A client on any VLAN of the trunk, and the server."""

    def __init__(self, site, device="trunk", server=SERVER):
        super().__init__(site, wire=site.clients.wire(device), server=server)
        self.vlan = None  # the tag of what is sent; None: none

    def send(self, message, vlan=None, **how):
        self.vlan = vlan
        super().send(message, **how)

    def frame(self, mac, dst_mac):
        frame = super().frame(mac, dst_mac)
        return frame if self.vlan is None else frame / Dot1Q(vlan=self.vlan)

    def expect_from(self, number, letter="a", link=None, mac=CLIENT_MAC, host=None, **how):
        """A Solicit on VLAN `number` is relayed at the first attempt, once, and rightly.

        link    Interface-Id, by default vlanNUMBER
        host    last part of the link-address, by default the router's letter
        """
        self.send(self.solicit(), vlan=number, mac=mac, **how)
        relayed, sender = self.at_server()
        assert sender[0] == CORE + letter
        assert relayed.linkaddr == vlan_prefix(number) + (host or letter)
        assert relayed[DHCP6OptIfaceId].ifaceid.decode() == (link or f"vlan{number}")
        assert relayed.haslayer(DHCP6OptClientLinkLayerAddr), "no option 79"
        assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == mac
        return relayed
