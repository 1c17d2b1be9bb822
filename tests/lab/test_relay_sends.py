# SPDX-License-Identifier: ISC
"""What leaves the relay when much waits: together where it can, and right for each receiver."""

import random
import signal

from scapy.layers.dhcp6 import DHCP6OptClientLinkLayerAddr, DHCP6OptIfaceId, DHCP6OptRelayMsg

from lab.bench import Bench
from lab.topology import SERVER, Site

OTHER_SERVER = "2001:db8:100::70"
CLIENTS, TURNS = 40, 6
LENGTHS = (60, 60, 60, 61, 400, 1300)  # the last does not go together with others


def sent_datagrams(namespace):
    """How often UDP handed something down to IPv6 there."""
    return int(dict(namespace.proc_net("snmp6"))["Udp6OutDatagrams"])


def client_address(number):
    return f"fe80::c:{number:x}"


def client_mac(number):
    return f"02:00:5e:20:00:{number:02x}"


def message(number, turn):
    """The turn-th message of a client; its length says nothing about its turn."""
    rest = random.choice(LENGTHS) - 8
    return bytes((1, 0, number, turn)) + b"\xff\xfe" + rest.to_bytes(2, "big") + random.randbytes(rest)


def test_messages_that_waited_leave_together_and_arrive_one_by_one(lab):
    """Two servers, and links with names of different lengths: runs of several kinds side by side."""
    site = Site(lab)
    site.add_client_link(10)
    site.server.address("core", f"{OTHER_SERVER}/64")
    relayd = site.start_relayd(servers=(SERVER, OTHER_SERVER))
    benches = [Bench(site), Bench(site, number=10, server=OTHER_SERVER)]
    before = sent_datagrams(site.router)
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
    assert sent_datagrams(site.router) - before < len(expected)  # apart they are twice as many


def check_arrived(bench, expected):
    """All of them, each with what belongs to it, those of a client in their order."""
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
