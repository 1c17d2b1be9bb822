# SPDX-License-Identifier: ISC
"""relayd beside keepalived on two routers: one of them relays each message, and it is the master.

Solicits are sent without pause while the address moves. For each one it is known
which routers had the address before it was sent and after both had handled it;
where that was one and the same router all the while, just that one has
relayed it. keepalived's own gap (no router) and overlap (two) are measured, not judged.
"""

import time

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_RelayForward,
    DHCP6_Reply,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
)
from scapy.layers.inet6 import UDP

from firmware.conftest import unless
from firmware.router_site import VLANS, TrunkBench, vlan_prefix
from lab.bench import CLIENT, CLIENT_MAC
from lab.netns import missing_programs
from lab.process import PATIENCE

VLAN = 10
LINK = f"vlan{VLAN}"
SHARED = f"{vlan_prefix(VLAN)}f"
SHARED_LINK_LOCAL = "fe80::f"
MOVE_LIMIT_S = 15
SETTLED = 3  # messages that the new master has relayed

pytestmark = [
    pytest.mark.in_guest,
    unless("keepalived is missing" if missing_programs("keepalived") else None),
]


class Pair:
    """Both routers with relayd and keepalived; a is the master if possible."""

    def __init__(self, site, vmac, while_address=SHARED, interfaces='"vlan*"'):
        self.site = site
        self.vmac = vmac
        self.routers = {"a": site.a, "b": site.b}
        self.cut = set()  # letters of routers whose trunk has no carrier
        self.keepalived = {}
        for router in self.routers.values():
            router.add_vlan(VLAN, address=not vmac)
            rule = f'link "vlan*" {{ while-address = "{while_address}" }}'
            router.start_relayd(interfaces, more=rule)
            router.await_state(LINK, "standby")
        self.bench = TrunkBench(site)
        self.sent = {"a": 0, "b": 0}
        self.start("a")
        router.await_state(LINK, "standby")
        site.a.await_state(LINK)
        self.start("b")

    def start(self, letter):
        priority = {"a": 200, "b": 100}[letter]
        self.keepalived[letter] = self.routers[letter].start_keepalived(VLAN, priority, self.vmac)

    def stop(self, letter):
        self.keepalived[letter].stop()

    def cable(self, letter, state):
        self.site.clients.ip("link", "set", f"to-{letter}", state)
        (self.cut.add if state == "down" else self.cut.discard)(letter)

    def hearing(self):
        return sorted(set(self.routers) - self.cut)

    def masters(self):
        """Letters of the routers that receive from clients and have the shared address."""
        return [x for x in self.hearing() if self.routers[x].namespace.has_address(SHARED)]

    def handled(self, letter):
        return self.routers[letter].link(LINK)["counters"]["received"].get("Solicit", 0)

    def send_one(self):
        """One Solicit. Returns the masters before and after, and the routers that relayed it."""
        before = self.masters()
        message = self.bench.solicit()
        self.bench.send(message, vlan=VLAN)
        for letter in self.hearing():
            self.sent[letter] += 1
            limit = time.monotonic() + 5 * PATIENCE
            while self.handled(letter) < self.sent[letter]:
                assert time.monotonic() < limit, f"router {letter} has not received the message"
        return before, self.masters(), self._relayers(message)

    def _relayers(self, message):
        letters = []
        self.bench.server.setblocking(False)
        while True:
            try:
                data, sender = self.bench.server.recvfrom(65535)
            except BlockingIOError:
                self.bench.server.settimeout(10)
                return sorted(letters)
            letter = sender[0][-1]
            letters.append(letter)
            relayed = DHCP6_RelayForward(data)
            assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message), "one of before"
            host = "f" if self.vmac else letter
            assert relayed.linkaddr == vlan_prefix(VLAN) + host
            assert relayed[DHCP6OptIfaceId].ifaceid.decode() == LINK
            assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC

    def send_until_master_is(self, letter):
        """Send without pause, judge each. Returns seconds without a relay, and how many came twice."""
        end = time.monotonic() + MOVE_LIMIT_S * PATIENCE
        settled, twice, last, gap = 0, 0, time.monotonic(), 0.0
        while settled < SETTLED:
            assert time.monotonic() < end, f"{letter} does not become master"
            before, after, relayers = self.send_one()
            if before == after and len(before) <= 1:
                assert relayers == before, f"master {before}, relayed by {relayers}"
            else:
                assert set(relayers) <= set(before) | set(after)
                assert len(relayers) == len(set(relayers))
            twice += len(relayers) > 1
            if relayers:
                gap, last = max(gap, time.monotonic() - last), time.monotonic()
            settled = settled + 1 if before == after == [letter] else 0
        return gap, twice


def follow(pair, record_property, moves):
    """Make each move, a function, and send until the router that it makes the master is it."""
    pair.send_until_master_is("a")
    for what, move, master in moves:
        move()
        gap, twice = pair.send_until_master_is(master)
        record_property(f"{what}: seconds without a relay", round(gap, 2))
        record_property(f"{what}: relayed by both", twice)


def moves_of(pair):
    return (
        ("a stops", lambda: pair.stop("a"), "b"),
        ("a is back", lambda: pair.start("a"), "a"),
        ("a's cable is cut", lambda: pair.cable("a", "down"), "b"),
        ("a's cable is mended", lambda: pair.cable("a", "up"), "a"),
    )


def test_relaying_follows_an_address_that_keepalived_moves(router_site, record_property):
    pair = Pair(router_site, vmac=False)
    follow(pair, record_property, moves_of(pair))


def test_relaying_follows_keepalived_with_virtual_macs(router_site, record_property):
    """The address is on a macvlan above the VLAN, and the only global one there."""
    pair = Pair(router_site, vmac=True)
    follow(pair, record_property, moves_of(pair))
    expect_vmac(router_site.a)


def expect_vmac(router):
    """That keepalived made the macvlan which the test is about."""
    shown = router.namespace.ip("-d", "link", "show", f"vrrp6.{VLAN}").stdout
    assert "macvlan" in shown and f"00:00:5e:00:02:{VLAN:02x}" in shown


def test_virtual_macs_that_match_the_patterns_and_a_link_local_address(router_site, record_property):
    """The macvlan is named as a client link is, and still nothing is relayed twice."""
    pair = Pair(router_site, True, SHARED_LINK_LOCAL, interfaces='"vlan*", "vrrp*"')
    follow(pair, record_property, moves_of(pair)[:2])
    expect_vmac(router_site.a)
    assert router_site.a.link(f"vrrp6.{VLAN}") is None
    wire = router_site.clients.wire(router_site.add_client_vlan(VLAN))
    router_site.a.namespace.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", LINK)
    relayed = pair.bench.expect_from(VLAN, host="f")
    answer = pair.bench.reply(relayed, DHCP6_Reply(trid=7))
    pair.bench.server.sendto(bytes(answer), (router_site.a.core_address, 547))
    got = wire.expect(lambda frame: UDP in frame and frame[UDP].dport == 546)
    assert (got.src, got.dst) == (router_site.a.namespace.mac(LINK), CLIENT_MAC)


def test_a_macvlan_by_itself_is_a_client_link_too(router_site):
    """Where the link below is not served; the MAC is read from a frame that came by a macvlan."""
    router = router_site.a
    router.start_relayd('"mv*"')
    router.add_vlan(VLAN, address=False)
    kind = ("type", "macvlan", "mode", "bridge")
    router.namespace.ip("link", "add", "link", LINK, "name", "mv10", "group", VLANS, "up", *kind)
    router.namespace.address("mv10", f"{vlan_prefix(VLAN)}a/64")
    router.await_state("mv10")
    TrunkBench(router_site).expect_from(VLAN, link="mv10")
