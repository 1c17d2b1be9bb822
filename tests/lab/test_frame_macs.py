# SPDX-License-Identifier: ISC
"""Whose MAC a message bears, also when clients are hostile or the machine speaks to itself."""

import contextlib
import os
import signal
import socket
import threading
import time

import pytest
from scapy.layers.dhcp6 import DHCP6_RelayForward, DHCP6_Solicit, DHCP6OptClientLinkLayerAddr

from lab.bench import (
    ALL_RELAYS,
    ALL_RELAYS_MAC,
    CLIENT_MAC,
    SO_RCVBUFFORCE,
    Bench,
    control,
    link_state,
)
from lab.netns import wait_for
from lab.topology import Site

METHODS = ["ebpf", "packet-socket"]
STRANGER_MAC = "02:00:5e:66:66:66"
HONEST = 36  # clients on the link that is not flooded
HONEST_EVERY_S, FLOOD_RATE = 0.1, 80000
FLOOD = 40000  # more than the receive queue holds


@pytest.fixture(params=METHODS)
def by_method(site, request):
    relayd = site.start_relayd("--client-mac-by", request.param)
    bench = Bench(site)
    bench.pid = relayd.pid
    return bench


def stopped(pid):
    """Stop the daemon and wait until it is stopped."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: "T (stopped)" in open(f"/proc/{pid}/status").read())


def mac_of(relayed):
    option = relayed.getlayer(DHCP6OptClientLinkLayerAddr)
    return option.clladdr if option else None


def test_a_message_that_two_frames_carry_has_no_mac(by_method):
    """A stranger repeats a client's message from his own MAC, before it is handled."""
    bench = by_method
    message, other = bench.solicit(), bench.solicit()
    stopped(bench.pid)
    bench.send(message)
    bench.send(message, mac=STRANGER_MAC)
    bench.send(other)
    os.kill(bench.pid, signal.SIGCONT)
    assert [mac_of(bench.at_server()[0]) for _ in range(3)] == [None, None, CLIENT_MAC]
    # Both are handled: the client's retransmission has its MAC again.
    assert mac_of(bench.expect_relayed(message)) == CLIENT_MAC


def test_a_frames_mac_counts_for_one_message(by_method):
    """A client that changes its MAC (a bond that fails over) has the new one at once."""
    bench = by_method
    message = bench.solicit()
    assert mac_of(bench.expect_relayed(message)) == CLIENT_MAC
    assert mac_of(bench.expect_relayed(message, mac=STRANGER_MAC)) == STRANGER_MAC


def test_multicast_of_the_router_itself_has_no_mac(by_method):
    """Its own DHCPv6 client on a served link: what loops back has no frame."""
    bench = by_method
    router = bench.site.router
    with router.udp_socket("::", 546) as client:
        index = router.ifindex("lan1")
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        client.sendto(bytes(bench.solicit()), (ALL_RELAYS, 547, 0, index))
    relayed, _ = bench.at_server()
    assert mac_of(relayed) is None
    assert mac_of(bench.expect_relayed(bench.solicit())) == CLIENT_MAC


class Neighbour:
    """A stranger on lan1 and honest clients on lan2, before one relay."""

    def __init__(self, lab, method):
        self.site = Site(lab, client_links=2)
        self.relayd = self.site.start_relayd("--client-mac-by", method)
        self.hostile, self.honest = Bench(self.site, 1), Bench.__new__(Bench)
        self.honest.__dict__.update(self.hostile.__dict__, wire=self.site.clients.wire("br-2"))
        self.hostile.server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)


def test_a_steady_flood_on_one_link_costs_another_links_clients_nothing(lab):
    """Up to 80,000 messages a second by one machine, while clients of another link boot. Only
    the eBPF filter gives each link a share of the receive queue."""
    pair = Neighbour(lab, "ebpf")
    hostile, honest = pair.hostile, pair.honest
    frame = bytes(hostile.frame(STRANGER_MAC, ALL_RELAYS_MAC) / hostile.packet(hostile.solicit()))
    macs, of_honest, ended = {}, [], threading.Event()

    def serve():
        """The relayed flood must not fill the server's queue."""
        while not ended.is_set():
            with contextlib.suppress(BlockingIOError, TimeoutError):
                data = hostile.server.recv(65535)
                if data[2:18] == socket.inet_pton(socket.AF_INET6, "2001:db8:2::1"):
                    of_honest.append(data)

    hostile.server.settimeout(0.2)
    server = threading.Thread(target=serve, daemon=True)
    server.start()
    for number in range(HONEST):
        end = time.monotonic() + HONEST_EVERY_S
        sent = 0
        while time.monotonic() < end and sent < HONEST_EVERY_S * FLOOD_RATE:
            hostile.wire.send(frame)
            sent += 1
        message = honest.solicit()
        macs[message.trid] = f"02:00:5e:20:00:{number:02x}"
        honest.send(message, mac=macs[message.trid])
    wait_for(lambda: len(of_honest) == HONEST, what=lambda: f"{len(of_honest)} of {HONEST}")
    ended.set()
    server.join()
    relayed = [DHCP6_RelayForward(data) for data in of_honest]
    assert {r.getlayer(DHCP6_Solicit).trid: mac_of(r) for r in relayed} == macs
    assert link_state(pair.site, "lan2")["backlog-drops"] == 0


def test_a_flood_on_one_link_costs_another_links_clients_nothing(lab):
    """All at once, while the relay does not read: its queue must have room for the other link."""
    site = Site(lab, client_links=2)
    relayd = site.start_relayd()
    hostile, honest = Bench(site, 1), Bench.__new__(Bench)
    honest.__dict__.update(hostile.__dict__, wire=site.clients.wire("br-2"))
    hostile.server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    frame = bytes(hostile.frame(STRANGER_MAC, ALL_RELAYS_MAC) / hostile.packet(hostile.solicit()))
    stopped(relayd.pid)
    for _ in range(FLOOD):
        hostile.wire.send(frame)
    macs = {}
    for number in range(HONEST):
        message = honest.solicit()
        macs[message.trid] = f"02:00:5e:20:00:{number:02x}"
        honest.send(message, mac=macs[message.trid])
    os.kill(relayd.pid, signal.SIGCONT)
    left = dict(macs)
    while left:
        relayed, _ = hostile.at_server()
        trid = relayed.getlayer(DHCP6_Solicit).trid
        if relayed.linkaddr == "2001:db8:2::1":
            assert mac_of(relayed) == left.pop(trid)
    refused = link_state(site, "lan1")["backlog-drops"]
    assert refused > FLOOD / 4
    assert link_state(site, "lan2")["backlog-drops"] == 0
    assert control(site, "status")["receive-queue-drops"] == 0
    # The share is free again once the backlog is read.
    assert honest.expect_relayed(honest.solicit()).linkaddr == "2001:db8:2::1"
    hostile.server.settimeout(1)
    try:
        while True:
            hostile.at_server()
    except TimeoutError:
        pass
    hostile.server.settimeout(10)
    assert mac_of(hostile.expect_relayed(hostile.solicit())) == CLIENT_MAC
