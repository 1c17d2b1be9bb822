# SPDX-License-Identifier: ISC
"""A client link in a VRF with the server in the default table, and the other way round."""

import ctypes
import socket
import struct

import pytest
from scapy.layers.dhcp6 import DHCP6_Reply, DHCP6OptClientLinkLayerAddr
from scapy.layers.inet6 import IPv6, UDP

from firmware.router_site import VLANS, TrunkBench, vlan_prefix
from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, CLIENT, CLIENT_MAC
from lab.process import wait_for
from lab.topology import SERVER

pytestmark = pytest.mark.in_guest

LINK, LINK_INDEX = "vlan10", 100
VRF, VRF_INDEX = "red", 200

IPV6_RECVPKTINFO = 49
IPV6_PKTINFO = 50
SO_ATTACH_FILTER = 26
PROBE_PORT = 5547
UDP_HEADER = 8


@pytest.fixture
def vrf(router_site):
    """Router a with its client VLAN in a VRF; the server is in the default table."""
    router = router_site.a
    router.namespace.sysctl("net.ipv4.udp_l3mdev_accept", 1)
    made = ("name", VRF, "index", VRF_INDEX, "group", VLANS, "up", "type", "vrf", "table", 10)
    router.namespace.ip("link", "add", *made)
    tag = ("type", "vlan", "id", 10)
    link = ("link", "trunk", "name", LINK, "index", LINK_INDEX, "group", VLANS)
    router.namespace.ip("link", "add", *link, *tag)
    router.namespace.ip("link", "set", LINK, "master", VRF, "up")
    router.namespace.address(LINK, f"{vlan_prefix(10)}a/64")
    return router


def probe(router):
    """A socket as relayd's, on another port, joined on the VLAN.

    Its filter cuts each datagram to as many octets as it sees as the index of the link.
    """
    sock = router.namespace.udp_socket(port=PROBE_PORT)
    sock.settimeout(2)
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    group = socket.inet_pton(socket.AF_INET6, ALL_RELAYS) + struct.pack("@I", LINK_INDEX)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    load_ifindex, return_a = (0x20, 0, 0, 0xFFFFF000 + 8), (0x16, 0, 0, 0)
    code = b"".join(struct.pack("HBBI", *row) for row in (load_ifindex, return_a))
    block = ctypes.create_string_buffer(code)
    program = struct.pack("HL", 2, ctypes.addressof(block))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    return sock


def test_a_link_in_a_vrf_as_the_kernel_shows_it(vrf, router_site):
    """IPV6_PKTINFO names the VLAN; a socket filter sees the VRF. relayd counts on both."""
    sock = probe(vrf)
    bench = TrunkBench(router_site)
    bench.vlan = 10
    packet = IPv6(src=CLIENT, dst=ALL_RELAYS, hlim=1) / UDP(sport=546, dport=PROBE_PORT)
    frame = bytes(bench.frame(CLIENT_MAC, ALL_RELAYS_MAC) / packet / bytes(1000))
    bench.wire.send(frame)
    data, control, _, _ = sock.recvmsg(2000, 200)
    told = struct.unpack("@16sI", control[0][2])[1]
    assert (control[0][1], told) == (IPV6_PKTINFO, LINK_INDEX)
    assert len(data) == VRF_INDEX - UDP_HEADER
    vrf.namespace.sysctl("net.ipv4.udp_l3mdev_accept", 0)
    bench.wire.send(frame)
    with pytest.raises(TimeoutError):
        sock.recvmsg(2000, 200)


@pytest.mark.parametrize("accept", [0, 1])
@pytest.mark.parametrize("way", ["ebpf", "packet-socket"])
def test_a_client_link_in_a_vrf_is_served(vrf, router_site, way, accept):
    """Whether net.ipv4.udp_l3mdev_accept is set, or has its default."""
    vrf.namespace.sysctl("net.ipv4.udp_l3mdev_accept", accept)
    vrf.start_relayd(options=("--client-mac-by", way))
    vrf.await_state(LINK)
    wire = router_site.clients.wire(router_site.add_client_vlan(10))
    vrf.namespace.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", LINK)
    bench = TrunkBench(router_site)
    relayed = bench.expect_from(10)
    assert vrf.ask("status")["client-mac-by"] == way
    answer = bench.reply(relayed, DHCP6_Reply(trid=7))
    bench.server.sendto(bytes(answer), (vrf.core_address, 547))
    got = wire.expect(lambda frame: UDP in frame and frame[UDP].dport == 546)
    assert (got.src, got.dst) == (vrf.namespace.mac(LINK), CLIENT_MAC)
    # Each message is relayed once, with the MAC of its frame.
    for _ in range(3):
        relayed = bench.expect_from(10)
        assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    assert vrf.ask("status")["counters"]["received"]["Solicit"] == 4


def test_a_client_link_that_moves_to_a_vrf_and_back_is_served(vrf, router_site):
    """Without privileges, and also when the VRF is created again."""
    vrf.namespace.sysctl("net.ipv4.udp_l3mdev_accept", 0)
    vrf.start_relayd(more='user = "nobody"')
    bench = TrunkBench(router_site)

    def expect_served():
        vrf.namespace.ip("-6", "addr", "replace", f"{vlan_prefix(10)}a/64", "dev", LINK, "nodad")
        vrf.await_state(LINK)
        bench.expect_from(10)

    expect_served()
    vrf.namespace.ip("link", "set", LINK, "nomaster")
    expect_served()
    vrf.namespace.ip("link", "set", LINK, "master", VRF)
    expect_served()
    vrf.namespace.ip("link", "del", VRF)
    made = ("name", VRF, "index", VRF_INDEX + 1, "group", VLANS, "up", "type", "vrf", "table", 10)
    vrf.namespace.ip("link", "add", *made)
    vrf.namespace.ip("link", "set", LINK, "master", VRF)
    expect_served()


# --- the server in a VRF -------------------------------------------------------------------

MGMT = "mgmt"
ANSWER = DHCP6_Reply(trid=7)


def make_mgmt(router, index):
    """The VRF, with the uplink in it; a link that changes its VRF loses its addresses."""
    made = ("name", MGMT, "index", index, "group", VLANS, "up", "type", "vrf", "table", 20)
    router.namespace.ip("link", "add", *made)
    router.namespace.ip("link", "set", "core", "master", MGMT)
    restore_address(router)


def restore_address(router):
    if not router.namespace.has_address(router.core_address, "core"):
        router.namespace.address("core", f"{router.core_address}/64")


@pytest.fixture
def server_in_vrf(router_site):
    """Router a with its uplink in a VRF, and a client VLAN in none."""
    router = router_site.a
    router.namespace.sysctl("net.ipv4.udp_l3mdev_accept", 0)
    make_mgmt(router, 300)
    router.add_vlan(10)
    yield router
    router.namespace.ip("link", "set", "core", "nomaster")
    restore_address(router)


def expect_answer(router_site, bench, wire, relayed):
    bench.server.sendto(bytes(bench.reply(relayed, ANSWER)), (router_site.a.core_address, 547))
    got = wire.expect(lambda frame: UDP in frame and frame[UDP].dport == 546)
    assert got.dst == CLIENT_MAC


def test_a_server_in_a_vrf_is_reached_and_its_replies_accepted(server_in_vrf, router_site):
    router = server_in_vrf
    router.start_relayd(how=f'vrf = "{MGMT}"', more='user = "nobody"')
    router.await_state("vlan10")
    wire = router_site.clients.wire(router_site.add_client_vlan(10))
    router.namespace.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "vlan10")
    bench = TrunkBench(router_site)
    expect_answer(router_site, bench, wire, bench.expect_from(10))
    row = router.ask("servers")["servers"][0]
    assert (row["vrf"], row["uplink"], row["source"]) == (MGMT, "core", router.core_address)
    # Without its VRF it is reached by no other way, though there is one.
    router.namespace.ip("link", "del", MGMT)
    restore_address(router)
    bench.send(bench.solicit(), vlan=10)
    wait_for(lambda: router.dropped("no-server") == 1)
    row = router.ask("servers")["servers"][0]
    assert (row["reachable"], row["reason"]) == (False, "no VRF has this name")
    # Created again, it is another link of the same name.
    make_mgmt(router, 301)
    wait_for(lambda: router.ask("servers")["servers"][0]["reachable"])
    relayed = bench.expect_from(10)
    expect_answer(router_site, bench, wire, relayed)
    # An answer in its name that comes in elsewhere is none.
    router.add_vlan(99, name="other")
    spoofed = IPv6(src=SERVER, dst=f"{vlan_prefix(99)}a") / UDP(sport=547, dport=547)
    bench.vlan = 99
    frame = bench.frame(CLIENT_MAC, router.namespace.mac("other"))
    bench.wire.send(frame / spoofed / bench.reply(relayed, ANSWER))
    wait_for(lambda: router.dropped("unknown-server") == 1)
