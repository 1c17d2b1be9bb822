# SPDX-License-Identifier: ISC
"""Sending under load: queued messages leave together, and each receiver gets its own intact."""

import random
import signal
import socket
import struct

from scapy.layers.dhcp6 import (
    DHCP6_Reply,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
)

from lab.bench import ALL_RELAYS, CLIENT, CLIENT_MAC, Bench
from lab.netns import wait_for
from lab.topology import SERVER, Site

OTHER_SERVER = "2001:db8:100::70"
ALL_SERVERS = "ff05::1:3"
SENT = "Udp6OutDatagrams"
CLIENTS, TURNS = 40, 6
LENGTHS = (60, 60, 60, 61, 400, 1300)  # the last does not go together with others


def client_address(number):
    return f"fe80::c:{number:x}"


def client_mac(number):
    return f"02:00:5e:20:00:{number:02x}"


def message(number, turn):
    """The turn-th message of a client; its length does not depend on the turn."""
    rest = random.choice(LENGTHS) - 8
    return bytes((1, 0, number, turn)) + b"\xff\xfe" + rest.to_bytes(2, "big") + random.randbytes(rest)


def test_queued_messages_leave_together_and_arrive_one_by_one(lab):
    """Two servers, and links with names of different lengths: runs of several kinds side by side."""
    site = Site(lab)
    site.add_client_link(10)
    site.server.address("core", f"{OTHER_SERVER}/64")
    relayd = site.start_relayd(servers=(SERVER, OTHER_SERVER))
    benches = [Bench(site), Bench(site, number=10, server=OTHER_SERVER)]
    before = site.router.counter(SENT)
    relayd.send_signal(signal.SIGSTOP)
    expected = {}
    for turn in range(TURNS):
        for number in range(CLIENTS):
            bench = benches[number % 2]
            expected[number, turn] = message(number, turn)
            bench.send(expected[number, turn], mac=client_mac(number), src=client_address(number))
    relayd.send_signal(signal.SIGCONT)
    for bench in benches:
        check_arrived(bench, expected)
    assert site.router.counter(SENT) - before < len(expected)  # apart they are twice as many


def check_arrived(bench, expected):
    """All messages arrived with the right header, those of each client in order."""
    turns = dict.fromkeys(range(CLIENTS), 0)
    for _ in expected:
        relayed, sender = bench.at_server()
        inner = bytes(relayed[DHCP6OptRelayMsg].message)
        number, turn = inner[2:4]
        assert sender[:2] == ("2001:db8:100::1", 547)
        assert inner == expected[number, turn]
        assert turn == turns[number]
        turns[number] += 1
        assert relayed.peeraddr == client_address(number)
        assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == client_mac(number)
        assert relayed[DHCP6OptIfaceId].ifaceid == (b"lan10" if number % 2 else b"lan1")


def test_messages_to_a_multicast_address_leave_together_and_arrive_one_by_one(site):
    relayd = site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{ALL_SERVERS}" {{ interface = {{"core"}} }}
    """)
    bench = Bench(site, server=ALL_SERVERS)
    group = socket.inet_pton(socket.AF_INET6, ALL_SERVERS)
    core = struct.pack("@I", site.server.ifindex("core"))
    bench.server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + core)
    before = site.router.counter(SENT)
    relayd.send_signal(signal.SIGSTOP)
    expected = [message(number, 0) for number in range(CLIENTS)]
    for number, sent in enumerate(expected):
        bench.send(sent, src=client_address(number))
    relayd.send_signal(signal.SIGCONT)
    arrived = [bytes(bench.at_server()[0][DHCP6OptRelayMsg].message) for _ in expected]
    assert sorted(arrived) == sorted(expected)
    assert site.router.counter(SENT) - before < CLIENTS


# --- a flood in one direction leaves the other its room ------------------------------------


def send_failures(site):
    return site.ask("relayd", "status")["counters"]["dropped"].get("send-failed", 0)


def never_give_up_on_neighbours(site, device, octets):
    """Let more datagrams wait for each unresolved neighbour, to fill the send buffer."""
    site.router.sysctl(f"net.ipv6.neigh.{device}.mcast_solicit", 1000)
    site.router.sysctl(f"net.ipv6.neigh.{device}.unres_qlen_bytes", octets)


def expect_reply(site, bench, relayed, number, wire):
    """A reply of the server to a client of this link arrives."""
    neighbour = (CLIENT, "lladdr", CLIENT_MAC, "dev", f"lan{number}")
    site.router.ip("-6", "neigh", "replace", *neighbour)
    wire.drain()
    answer = DHCP6_Reply(trid=1)
    bench.send_reply(bench.reply(relayed, answer, interface_id=f"lan{number}".encode()))
    wire.expect(lambda frame: DHCP6_Reply in frame, what="the reply")


def test_replies_to_absent_clients_delay_no_other_replies(site):
    """Neither messages to servers nor replies to clients of another link are delayed."""
    site.add_client_link(2)
    site.start_relayd()
    bench = Bench(site)
    never_give_up_on_neighbours(site, "lan1", 1 << 20)
    relayed = bench.expect_relayed(bench.solicit())
    large = bytes((7, 1, 2, 3)) + bytes(60000)
    for number in range(1000):
        if number % 20 == 0 and send_failures(site):
            break
        bench.send_reply(bench.reply(relayed, large, peeraddr=client_address(number)))
    wait_for(lambda: send_failures(site), 10, "no more replies can wait")
    bench.expect_relayed(bench.solicit())
    expect_reply(site, bench, relayed, 2, site.clients.wire("br-2"))


def test_messages_to_an_absent_server_delay_no_replies(site):
    site.start_relayd(servers=(SERVER, "2001:db8:100::dead"))
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    never_give_up_on_neighbours(site, "core", 1 << 30)
    site.clients.address("br-1", "fe80::77/64")
    client = site.clients.udp_socket("fe80::77", 546, device="br-1")
    link = site.clients.ifindex("br-1")
    for number in range(2000):
        if number % 20 == 0 and send_failures(site):
            break
        client.sendto(bytes((1, 1, 2, 3)) + bytes(60000), (ALL_RELAYS, 547, 0, link))
    wait_for(lambda: send_failures(site), 10, "no more messages can wait")
    expect_reply(site, bench, relayed, 1, bench.wire)
