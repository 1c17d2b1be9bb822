# SPDX-License-Identifier: ISC
"""Replies when the kernel's table of IPv6 neighbours is full, or a packet filter is in the way.

The table is one for all network namespaces of a host, so each test here fills it for the whole
host, for a few seconds, and empties it again.
"""

import contextlib
import shutil
import socket

import pytest
from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6OptClientId, DUID_LL
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6, UDP

from lab.bench import CLIENT, CLIENT_MAC, Bench, dhcp_to, dropped
from lab.netns import wait_for
from lab.packages import unpacked
from lab.topology import SERVER, Site

SO_SNDBUFFORCE = 32
CONFIG = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
WITHOUT_MAC = CONFIG + "client-mac = false\n"


@contextlib.contextmanager
def full_neighbour_table(site):
    """Filled from another namespace; yields a function that fills it again."""
    other = site.lab.namespace("other")
    site.lab.veth(other, "many", other, "many-peer")
    with other.udp_socket() as sock:
        index = other.ifindex("many")
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)

        def fill():
            """Unresolved neighbours, until the kernel refuses one."""
            for number in range(3000):
                try:
                    sock.sendto(b"x", (f"fe80::{number:x}:1", 9, 0, index))
                except OSError:
                    return True
            return False

        assert fill()
        yield fill
    other.ip("link", "del", "many")


def answered(bench):
    """The client gets the reply to its Solicit, and no Neighbor Solicitation before it."""
    message = bench.solicit()
    relayed = bench.expect_relayed(message)
    reply = DHCP6_Advertise(trid=message.trid) / DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
    bench.wire.drain()
    bench.send_reply(bench.reply(relayed, reply))
    frame = bench.wire.expect(lambda f: dhcp_to(CLIENT)(f) or ICMPv6ND_NS in f)
    assert ICMPv6ND_NS not in frame
    return frame


def test_a_reply_goes_to_the_mac_of_the_message(bench):
    frame = answered(bench)
    router = bench.site.router
    assert (frame.dst, frame.src) == (CLIENT_MAC, router.mac("lan1"))
    sum_on_the_wire, length = frame[UDP].chksum, frame[IPv6].plen
    del frame[UDP].chksum, frame[IPv6].plen
    again = frame.__class__(bytes(frame))
    assert (again[UDP].chksum, again[IPv6].plen) == (sum_on_the_wire, length)
    assert (frame[UDP].sport, frame[UDP].dport) == (547, 546)
    neighbours = router.ip("-6", "neigh", "show", "dev", "lan1").stdout
    assert CLIENT not in neighbours


@pytest.mark.parametrize("octets", [0, 1, 2, 1400])
def test_the_checksum_is_right_for_any_length(bench, octets):
    """The client's kernel accepts it: an ordinary socket receives the reply."""
    site = bench.site
    site.clients.ip("-6", "addr", "add", f"{CLIENT}/64", "dev", "br-1", "nodad")
    site.clients.ip("link", "set", "br-1", "address", CLIENT_MAC)
    message = bench.solicit()
    relayed = bench.expect_relayed(message)
    with site.clients.udp_socket(CLIENT, 546, "br-1") as client:
        client.settimeout(10)
        reply = bytes([2]) + message.trid.to_bytes(3, "big") + bytes(range(256)) * 6
        reply = reply[: 4 + octets]
        bench.send_reply(bench.reply(relayed, reply))
        assert client.recv(65535) == reply


def test_a_reply_beyond_the_mtu_is_fragmented(bench):
    site = bench.site
    site.clients.ip("-6", "addr", "add", f"{CLIENT}/64", "dev", "br-1", "nodad")
    site.clients.ip("link", "set", "br-1", "address", CLIENT_MAC)
    message = bench.solicit()
    relayed = bench.expect_relayed(message)
    with site.clients.udp_socket(CLIENT, 546, "br-1") as client:
        client.settimeout(10)
        reply = bytes([2]) + message.trid.to_bytes(3, "big") + bytes(3000)
        bench.send_reply(bench.reply(relayed, reply))
        assert client.recv(65535) == reply


def test_a_full_neighbour_table_keeps_no_client_waiting(bench):
    answered(bench)  # router and server know each other now
    with full_neighbour_table(bench.site):
        for _ in range(20):
            answered(bench)
    assert dropped(bench.site, "neighbour-table-full") == 0


def test_a_full_neighbour_table_is_named(lab):
    """Without the client's MAC the kernel must resolve it, and refuses."""
    site = Site(lab)
    relayd = site.start_relayd(config=WITHOUT_MAC)
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    reply = bench.reply(relayed, DHCP6_Advertise(trid=bench.xid))
    with full_neighbour_table(site) as fill:

        def refused():
            fill()
            bench.send_reply(reply)
            return dropped(site, "neighbour-table-full") > 0

        wait_for(refused)
    relayd.wait_for_line(r"neighbour table full \(net.ipv6.neigh.default.gc_thresh3 = ")
    assert dropped(site, "send-failed") == 0

    # Once the table has room again, the client is served.
    def served():
        bench.send_reply(reply)
        return bench.wire.receive(lambda f: ICMPv6ND_NS in f, limit=0.2)

    wait_for(served, limit=20)


def test_a_start_with_a_table_that_is_almost_full_is_warned_of(lab):
    site = Site(lab)
    with full_neighbour_table(site):
        relayd = site.start_relayd(config=CONFIG)
        relayd.wait_for_line("neighbours may become too small: 1 client links, .*gc_thresh3 above")


def nft():
    """The program and its environment; from its package where it is not installed."""
    if shutil.which("nft"):
        return "nft", None
    package = unpacked(package="nftables")
    return package.program("nft"), package.env


def test_a_packet_filter_that_refuses_replies_is_named(lab):
    site = Site(lab)
    relayd = site.start_relayd(config=WITHOUT_MAC)
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    rules = "add table ip6 t; add chain ip6 t o { type filter hook output priority 0; }; "
    program, env = nft()
    site.router.run(program, rules + "add rule ip6 t o udp dport 546 drop", env=env)
    bench.send_reply(bench.reply(relayed, DHCP6_Advertise(trid=bench.xid)))
    wait_for(lambda: dropped(site, "packet-filter") == 1)
    relayd.wait_for_line("refused by a packet filter on this machine")
