# SPDX-License-Identifier: ISC
"""relayd on real VLANs that come and go while it runs."""

import socket
import time

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Reply,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Dot1Q

from firmware.router_site import VLANS, TrunkBench, vlan_prefix
from lab.bench import ALL_RELAYS_MAC, CLIENT, CLIENT_MAC

pytestmark = pytest.mark.in_guest

HUNDREDS = range(1000, 1300)
ETHERTYPE_VLAN = b"\x81\x00"


@pytest.fixture
def router(router_site):
    router_site.a.start_relayd()
    return router_site.a


@pytest.fixture
def bench(router_site, router):
    return TrunkBench(router_site)


def test_a_new_vlan_is_served_from_the_first_solicit_on(router, bench):
    for number in (10, 20, 4094):
        router.add_vlan(number)
        router.await_state(f"vlan{number}")
        bench.expect_from(number)
    bench.expect_from(10)  # and the others still are


def test_a_tag_that_the_network_card_took_off(router_site, router):
    """The tag is beside the frame, not in it: VLAN offload, which veth and 8021q do too."""
    router.add_vlan(10)
    router.await_state("vlan10")
    bench = TrunkBench(router_site, router_site.add_client_vlan(10))
    bench.send(bench.solicit())
    relayed, _ = bench.at_server()
    assert relayed[DHCP6OptIfaceId].ifaceid == b"vlan10"
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC


def test_vlans_on_a_vlan(router, bench):
    """802.1Q in 802.1Q: the client's MAC stands before both tags."""
    router.add_vlan(10, name="outer", address=False)
    router.add_vlan(20, below="outer", name="vlan10-20")
    router.await_state("vlan10-20")
    bench.vlan = 10
    inner = bench.solicit()
    frame = bench.frame(CLIENT_MAC, ALL_RELAYS_MAC) / Dot1Q(vlan=20) / bench.packet(inner)
    bench.wire.send(frame)
    relayed, _ = bench.at_server()
    assert relayed[DHCP6OptIfaceId].ifaceid == b"vlan10-20"
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC


def test_a_packet_socket_finds_the_mac_as_well(router_site):
    """If eBPF is not available."""
    router_site.a.start_relayd(options=("--client-mac-by", "packet-socket"))
    bench = TrunkBench(router_site)
    router_site.a.add_vlan(10)
    router_site.a.await_state("vlan10")
    bench.expect_from(10)
    assert router_site.a.ask("status")["client-mac-by"] == "packet-socket"


def test_a_deleted_vlan_is_forgotten_and_a_recreated_one_served(router, bench):
    router.add_vlan(20)
    indexes = set()
    for round_number in range(1, 6):
        router.add_vlan(10)
        indexes.add(router.await_state("vlan10")["ifindex"])
        bench.expect_from(10)
        assert router.link("vlan10")["counters"]["received"]["Solicit"] == round_number
        router.namespace.ip("link", "del", "vlan10")
        router.await_state("vlan10", "absent")
        bench.send(bench.solicit(), vlan=10)  # goes nowhere
        bench.expect_from(20)
    assert len(indexes) == 5


def test_the_reply_leaves_by_the_clients_vlan(router_site, router, bench):
    wires = {}
    for number in (10, 20):
        vlan = router.add_vlan(number)
        router.await_state(vlan)
        router.namespace.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", vlan)
        wires[number] = router_site.clients.wire(router_site.add_client_vlan(number))
    for number in (20, 10):
        relayed = bench.expect_from(number)
        answer = bench.reply(relayed, DHCP6_Reply(trid=bench.xid))
        bench.server.sendto(bytes(answer), (router.core_address, 547))
        got = wires[number].expect(lambda frame: UDP in frame and frame[UDP].dport == 546)
        assert (got.dst, got[IPv6].dst) == (CLIENT_MAC, CLIENT)
        assert bytes(got[UDP].payload) == bytes(DHCP6_Reply(trid=bench.xid))


def test_hundreds_of_vlans_at_once(router, bench, record_property):
    last = f"vlan{HUNDREDS[-1]}"
    started = time.monotonic()
    router.batch(
        line
        for number in HUNDREDS
        for line in (
            f"link add link trunk name vlan{number} group {VLANS} up type vlan id {number}",
            f"address add {vlan_prefix(number)}a/64 dev vlan{number} nodad",
        )
    )
    made = time.monotonic()
    router.await_state(last)
    assert states(router) == {"ready": len(HUNDREDS)}
    record_property("seconds to make them", round(made - started, 1))
    record_property("seconds until all are served", round(time.monotonic() - made, 1))
    relayed = bench.expect_from(HUNDREDS[0], mac=mac_of(HUNDREDS[0]))
    message = relayed[DHCP6OptRelayMsg].message
    relayed = bytes(relayed)
    frame = bytes(bench.frame(mac_of(HUNDREDS[0]), ALL_RELAYS_MAC) / bench.packet(message))
    for number in HUNDREDS:
        bench.wire.send(of_vlan(frame, number))
        assert bench.server.recv(65535) == of_vlan(relayed, number)
    router.namespace.ip("link", "del", "group", VLANS)
    router.await_state(last, "absent")
    assert states(router) == {"absent": len(HUNDREDS)}


def mac_of(number):
    return f"02:00:5e:20:{number >> 8:02x}:{number & 255:02x}"


def marks_of(number):
    """What is one VLAN's alone, in a client's frame and in what is relayed of it."""
    return (
        bytes.fromhex(mac_of(number).replace(":", "")),
        f"vlan{number}".encode(),
        socket.inet_pton(socket.AF_INET6, f"{vlan_prefix(number)}a"),
        ETHERTYPE_VLAN + number.to_bytes(2, "big"),
    )


def of_vlan(octets, number):
    """What was sent or relayed on the first of HUNDREDS, as it should be on another one."""
    for of_first, of_other in zip(marks_of(HUNDREDS[0]), marks_of(number)):
        octets = octets.replace(of_first, of_other)
    return octets


def states(router):
    """How many links relayd has in each state."""
    found = {}
    for link in router.ask("links")["links"]:
        found[link["state"]] = found.get(link["state"], 0) + 1
    return found
