# SPDX-License-Identifier: ISC
"""Anycast gateways on EVPN leaves, as docs/evpn.md has them: each reply reaches the leaf that asked.

    clients-1 ── vlan1 [leaf-1] core ── link-local addresses only ── leaf-1 ┐
                                                                            [server] lo
    clients-2 ── vlan1 [leaf-2] core ── link-local addresses only ── leaf-2 ┘

Both leaves have the same address and MAC on vlan1; each has its own on lo.
"""

import re
from pathlib import Path

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Reply,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, CLIENT, CLIENT_MAC, dhcp_to
from lab.netns import link_local, run, wait_for
from lab.topology import program

SERVER = "2001:db8:d::547"
ANYCAST = "2001:db8:1::1"
ANYCAST_MAC = "02:00:00:00:00:01"
DOCS = Path(__file__).parents[2] / "docs"


class Leaf:
    """One leaf, its clients, and its relay with the configuration of docs/evpn.md."""

    def __init__(self, lab, server, number, config):
        self.number = number
        self.loopback = f"2001:db8:ffff::{number}"
        self.control = lab.directory / f"leaf-{number}.sock"
        self.router = lab.namespace(f"leaf-{number}")
        self.clients = lab.namespace(f"clients-{number}")
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        lab.veth(self.router, "vlan1", self.clients, "eth0")
        self.router.up("vlan1", mac=ANYCAST_MAC)
        self.router.address("vlan1", f"{ANYCAST}/64")
        self.router.address("lo", f"{self.loopback}/128")
        lab.veth(self.router, "core", server, f"leaf-{number}")
        up = link_local(server.mac(f"leaf-{number}"))
        down = link_local(self.router.mac("core"))
        wait_for(lambda: self.router.has_address(down, "core"))
        wait_for(lambda: server.has_address(up, f"leaf-{number}"))
        self.router.route("default", "via", up, "dev", "core")
        server.route(f"{self.loopback}/128", "via", down, "dev", f"leaf-{number}")
        # The fabric routes the anycast prefix to one of the leaves.
        server.route("2001:db8:1::/64", "via", down, "dev", f"leaf-{number}", "metric", str(number))
        self.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "vlan1")
        self.wire = self.clients.wire("eth0")
        path = lab.file(f"leaf-{number}.conf", config + f'control = "{self.control}"\n')
        self.relayd = self.router.popen(
            "relayd", "unshare", "--uts", "sh", "-c", f'hostname leaf-{number} && exec "$@"', "sh",
            program("netboot6-relayd"), "-f", "-c", path, ours=True)
        self.relayd.wait_for_line("ready: 1 of 1 client link ready")

    def send(self, message):
        self.wire.send(Ether(src=CLIENT_MAC, dst=ALL_RELAYS_MAC) / IPv6(src=CLIENT, dst=ALL_RELAYS)
                       / UDP(sport=546, dport=547) / message)

    def dropped(self):
        done = run(program("netboot6/netboot6"), "--json", "--control", self.control, "relay",
                   "status")
        return re.search(r'"unknown-link":\s*(\d+)', done.stdout)


def documented_config():
    """The relayd.conf that docs/evpn.md shows."""
    text = (DOCS / "evpn.md").read_text()
    return re.search(r"```\n(interfaces = .*?)```", text, re.DOTALL).group(1)


@pytest.mark.parametrize("source", ["as documented", "auto"])
def test_each_reply_reaches_the_leaf_that_asked(lab, source):
    config = documented_config()
    assert f'server "{SERVER}"' in config and "source = lo" in config
    if source == "auto":
        config = config.replace("source = lo", "source = auto")
    server = lab.namespace("server")
    server.address("lo", f"{SERVER}/128")
    leaves = [Leaf(lab, server, number, config) for number in (1, 2)]
    sock = server.udp_socket(SERVER, 547)
    sock.settimeout(10)
    replies = {}
    for leaf in leaves:
        message = DHCP6_Solicit(trid=leaf.number) / DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
        leaf.send(message)
        data, sender = sock.recvfrom(65535)
        relayed = DHCP6_RelayForward(data)
        assert (sender[0], relayed.linkaddr) == (leaf.loopback, ANYCAST)
        assert relayed[DHCP6OptIfaceId].ifaceid == f"leaf-{leaf.number}:vlan1".encode()
        replies[leaf.number] = sender, bytes(
            DHCP6_RelayReply(linkaddr=relayed.linkaddr, peeraddr=relayed.peeraddr)
            / DHCP6OptIfaceId(ifaceid=relayed[DHCP6OptIfaceId].ifaceid)
            / DHCP6OptRelayMsg(message=DHCP6_Reply(trid=leaf.number)))
    # The same client, by its addresses, is behind both: each gets the reply to its own message.
    for leaf in reversed(leaves):
        sender, reply = replies[leaf.number]
        sock.sendto(reply, sender)
        got = leaf.wire.expect(dhcp_to(CLIENT))
        assert int.from_bytes(bytes(got[UDP].payload)[1:4], "big") == leaf.number
    # A server that replied to the link-address would reach the other leaf, which does not deliver.
    _, reply = replies[2]
    sock.sendto(reply, (ANYCAST, 547))
    wait_for(lambda: leaves[0].dropped())
    assert leaves[0].wire.receive(dhcp_to(CLIENT), limit=0.1) is None
