# SPDX-License-Identifier: ISC
"""The relay on real links: what a server sees of a client's message, what a
client gets of a server's, and how both follow the kernel without a restart.

Scapy plays the clients and the server; it is the codec that judges ours.
"""

import json
import os
import random
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Reply,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, CLIENT, CLIENT_MAC, Bench
from lab.netns import link_local, run, wait_for
from lab.topology import SERVER, Site, program


def control(site, *words):
    done = run(program("netboot6/netboot6"), "--json", "--control",
               site.lab.directory / "relayd.sock", "relay", *words)
    return json.loads(done.stdout)


def link_state(site, name):
    return next((link for link in control(site, "links")["links"] if link["name"] == name), None)


def dropped(site, reason):
    return control(site, "status")["counters"]["dropped"].get(reason, 0)


@pytest.fixture
def bench(site):
    site.start_relayd()
    return Bench(site)


# --- toward the server ------------------------------------------------------------


def test_what_the_server_sees(bench):
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed.hopcount == 0
    assert relayed.linkaddr == "2001:db8:1::1"
    assert relayed.peeraddr == CLIENT
    assert relayed[DHCP6OptIfaceId].ifaceid == b"lan1"
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    assert relayed[DHCP6OptClientLinkLayerAddr].lltype == 1


def test_source_is_the_routers_own_address_and_port(bench):
    bench.send(bench.solicit())
    _, sender = bench.at_server()
    assert sender[:2] == ("2001:db8:100::1", 547)


@pytest.mark.parametrize("way", ["ebpf", "packet-socket"])
def test_each_client_of_a_storm_keeps_its_own_mac(site, way):
    """The record of a frame is there before its datagram, whatever runs on the other CPUs."""
    site.start_relayd("--client-mac-by", way)
    bench = Bench(site)
    clients, frames = {}, []
    for number in range(1000):
        mac = f"02:00:5e:20:{number >> 8:02x}:{number & 255:02x}"
        src = socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + random.randbytes(8))
        message = bench.solicit()
        clients[message.trid] = mac, src
        frames.append(bytes(bench.frame(mac, ALL_RELAYS_MAC) / bench.packet(message, src)))
    for frame in frames:
        bench.wire.send(frame)
    for _ in range(1000):
        relayed, _ = bench.at_server()
        mac, src = clients.pop(relayed[DHCP6OptRelayMsg].message.trid)
        assert (relayed[DHCP6OptClientLinkLayerAddr].clladdr, relayed.peeraddr) == (mac, src)
    assert not clients


def test_packet_socket_finds_the_mac_as_well(site):
    relayd = site.start_relayd("--client-mac-by", "packet-socket")
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    assert control(site, "status")["client-mac-by"] == "packet-socket"
    relayd.wait_for_line("packet socket")


def test_ebpf_is_the_first_choice(bench):
    assert control(bench.site, "status")["client-mac-by"] == "ebpf"


@pytest.mark.parametrize("message_type", [8, 36, 99, 255])
def test_unknown_and_new_message_types_pass_untouched(bench, message_type):
    message = bytes([message_type, 1, 2, 3]) + bytes.fromhex("fffe0003aabbcc") + bytes(500)
    bench.send(message)
    relayed, _ = bench.at_server()
    assert bytes(relayed[DHCP6OptRelayMsg].message) == message


def test_a_large_message_passes_in_fragments(bench):
    message = bytes([1, 1, 2, 3]) + random.randbytes(3000)
    client = bench.site.clients
    client.address("br-1", "fe80::77/64")
    sock = client.udp_socket("fe80::77", 546, device="br-1")
    sock.sendto(message, (ALL_RELAYS, 547, 0, client.ifindex("br-1")))
    relayed, _ = bench.at_server()
    assert bytes(relayed)[-3004:] == message
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == client.mac("br-1")


@pytest.mark.parametrize("message_type", [2, 7, 10])
def test_messages_of_servers_from_a_client_go_nowhere(bench, message_type):
    bench.send(bytes([message_type, 1, 2, 3]))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "server-type") == 1


def test_unicast_from_a_client_goes_nowhere(bench):
    router_mac = bench.site.router.mac("lan1")
    wait_for(lambda: bench.site.router.has_address(link_local(router_mac), "lan1"))
    bench.send(bench.solicit(), dst=link_local(router_mac), dst_mac=router_mac)
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "unicast") == 1


def test_a_forged_relay_forward_from_a_client_goes_nowhere(bench):
    forged = DHCP6_RelayForward(linkaddr="2001:db8:1::1", peeraddr="fe80::bad")
    forged /= DHCP6OptClientLinkLayerAddr(clladdr="02:00:00:00:00:bb")
    bench.send(forged / DHCP6OptRelayMsg(message=bench.solicit()))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "untrusted-relay") == 1


def test_truncated_and_absurd_datagrams_are_counted_and_survived(bench):
    for junk in (b"\x01", b"\x0c", b"\x0c\x00", b"\x0d" + bytes(10), b"\x01\x02\x03"):
        bench.send(junk)
    bench.wire.send(Ether(src=CLIENT_MAC, dst="33:33:00:01:00:02")
                    / IPv6(src=CLIENT, dst=ALL_RELAYS) / UDP(sport=546, dport=547))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "short") >= 4


CHAIN_CONFIG = f"""
interfaces = {{"lan*"}}
trusted = {{"lan1"}}
server "{SERVER}" {{}}
"""


def test_a_chain_of_relays_on_a_trusted_link(site):
    site.start_relayd(config=CHAIN_CONFIG)
    bench = Bench(site)
    below = DHCP6_RelayForward(hopcount=3, linkaddr="2001:db8:77::1", peeraddr="fe80::1")
    below = below / DHCP6OptRelayMsg(message=bench.solicit())
    bench.send(below)
    relayed, _ = bench.at_server()
    assert (relayed.hopcount, relayed.linkaddr, relayed.peeraddr) == (4, "2001:db8:1::1", CLIENT)
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(below)
    assert relayed.getlayer(DHCP6OptClientLinkLayerAddr) is None
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    inner = DHCP6_RelayReply(hopcount=3, linkaddr="2001:db8:77::1", peeraddr="fe80::1")
    inner /= DHCP6OptRelayMsg(message=DHCP6_Reply(trid=1))
    bench.send_reply(bench.reply(relayed, inner))
    got = bench.wire.expect(lambda frame: UDP in frame and frame[UDP].sport == 547)
    assert (got[IPv6].dst, got[UDP].dport) == (CLIENT, 547)
    assert bytes(got[UDP].payload) == bytes(inner)


def test_the_hop_limit(site):
    site.start_relayd(config=CHAIN_CONFIG)
    bench = Bench(site)
    for hops in (8, 255):
        bench.send(DHCP6_RelayForward(hopcount=hops, linkaddr="::", peeraddr="fe80::1")
                   / DHCP6OptRelayMsg(message=bench.solicit()))
    last = DHCP6_RelayForward(hopcount=7, linkaddr="::", peeraddr="fe80::1")
    last = last / DHCP6OptRelayMsg(message=bench.solicit())
    bench.send(last)
    relayed, _ = bench.at_server()
    assert relayed.hopcount == 8
    assert dropped(site, "hop-limit") == 2


# --- toward the client --------------------------------------------------------------


def dhcp_to(address):
    return lambda frame: UDP in frame and frame[UDP].sport == 547 and frame[IPv6].dst == address


def test_the_reply_reaches_the_client_unchanged(bench):
    relayed = bench.expect_relayed(bench.solicit())
    inner = DHCP6_Advertise(trid=bench.xid) / DHCP6OptServerId(duid=DUID_LL(lladdr=CLIENT_MAC))
    inner = bytes(inner) + bytes.fromhex("fff00002beef")
    bench.site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.send_reply(bench.reply(relayed, inner))
    got = bench.wire.expect(dhcp_to(CLIENT))
    assert (got.dst, got[UDP].dport) == (CLIENT_MAC, 546)
    assert got[IPv6].src == link_local(bench.site.router.mac("lan1"))
    assert bytes(got[UDP].payload)[: len(inner)] == inner


def test_an_address_registration_passes_and_is_answered_on_link(bench):
    """RFC 9686: the message comes from the very address, and the answer goes to it."""
    router, address = bench.site.router, "2001:db8:1::abcd"
    inform = bytes([36, 1, 2, 3]) + bytes.fromhex("00010004000300010005001820010db8000100000000")
    inform += bytes.fromhex("00000000abcd0000003c0000003c")
    bench.send(inform, src=address)
    relayed, _ = bench.at_server()
    assert bytes(relayed[DHCP6OptRelayMsg].message) == inform
    assert (relayed.peeraddr, relayed.linkaddr) == (address, "2001:db8:1::1")
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    router.ip("-6", "neigh", "add", address, "lladdr", CLIENT_MAC, "dev", "lan1")
    router.route(f"{address}/128", "via", SERVER)  # the answer goes on-link, whatever routes say
    answer = bytes([37, 1, 2, 3]) + inform[4:]
    bench.send_reply(bench.reply(relayed, answer))
    got = bench.wire.expect(dhcp_to(address))
    assert (got.dst, got[UDP].dport) == (CLIENT_MAC, 546)
    assert bytes(got[UDP].payload) == answer


def test_an_answer_on_link_by_vrrps_prefix_alone(bench):
    """The router's only global address is VRRP's, on the macvlan: so is the prefix's route."""
    router, address = bench.site.router, "2001:db8:1::abcd"
    router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    router.ip("link", "add", "lan1v", "link", "lan1", "type", "macvlan", "mode", "private")
    router.ip("link", "set", "lan1v", "up")
    router.address("lan1v", "2001:db8:1::f/64")
    wait_for(lambda: link_state(bench.site, "lan1")["state"] == "ready")
    relayed = bench.expect_relayed(bench.solicit(), src=address)
    router.ip("-6", "neigh", "add", address, "lladdr", CLIENT_MAC, "dev", "lan1v")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    assert bench.wire.expect(dhcp_to(address))[IPv6].src == "2001:db8:1::f"


def test_an_answer_to_an_address_from_elsewhere_goes_nowhere(bench):
    relayed = bench.expect_relayed(bench.solicit(), src="2001:db8:100::99")
    victim = bench.site.server.wire("core")
    bench.site.router.ip("-6", "neigh", "add", "2001:db8:100::99", "lladdr", CLIENT_MAC, "dev", "core")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    wait_for(lambda: dropped(bench.site, "off-link") == 1)
    assert victim.receive(dhcp_to("2001:db8:100::99"), limit=0.1) is None


def test_replies_find_their_link_where_all_share_one_mac(lab):
    site = Site(lab, client_links=3)
    mac = site.router.mac("lan1")
    for number in (2, 3):
        site.router.ip("link", "set", f"lan{number}", "down", "address", mac)
        site.router.ip("link", "set", f"lan{number}", "up")
        site.router.address(f"lan{number}", f"2001:db8:{number}::1/64")
    site.start_relayd()
    bench = Bench(site)
    wires = {number: site.clients.wire(f"br-{number}") for number in (1, 2, 3)}
    for number in (3, 1, 2):
        site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", f"lan{number}")
        bench.wire = wires[number]
        relayed = bench.expect_relayed(bench.solicit())
        bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=number)))
        got = wires[number].expect(dhcp_to(CLIENT))
        assert bytes(got[UDP].payload)[3] == number
    for number, wire in wires.items():
        assert wire.receive(dhcp_to(CLIENT), limit=0.2) is None, f"link {number} got another's"


def test_the_link_address_leads_back_where_the_interface_id_is_missing(bench):
    relayed = bench.expect_relayed(bench.solicit())
    bench.site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=5), interface_id=None))
    bench.wire.expect(dhcp_to(CLIENT))


def test_replies_from_strangers_and_to_nowhere_are_dropped(bench):
    site = bench.site
    relayed = bench.expect_relayed(bench.solicit())
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    answer = bench.reply(relayed, DHCP6_Reply(trid=1))
    # from a host on a client link, by unicast and by multicast
    router_mac = site.router.mac("lan1")
    bench.send(answer, src="2001:db8:1::666", dst="2001:db8:1::1", dst_mac=router_mac)
    bench.send(answer)
    wait_for(lambda: dropped(site, "reply-from-client-link") == 2)
    # pretending to be the server, from a client link
    bench.send(answer, src=SERVER, dst="2001:db8:100::1", dst_mac=router_mac)
    # from a host that is no server
    site.server.address("core", "2001:db8:100::bad/64")
    site.server.udp_socket("2001:db8:100::bad", 547).sendto(bytes(answer), ("2001:db8:100::1", 547))
    wait_for(lambda: dropped(site, "unknown-server") == 1)
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1), interface_id=b"lan9"))
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1), interface_id=b"core"))
    wait_for(lambda: dropped(site, "unknown-link") == 2)
    bench.send_reply(bytes(answer)[:-5])
    wait_for(lambda: dropped(site, "malformed") == 1)
    assert bench.wire.receive(dhcp_to(CLIENT), limit=0.2) is None


# --- following the kernel -------------------------------------------------------------


def test_a_link_that_appears_is_served_at_once(bench):
    site = bench.site
    assert link_state(site, "lan2") is None
    site.add_client_link(2)
    wait_for(lambda: site.router.joined("lan2"))
    bench.wire = site.clients.wire("br-2")
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("2001:db8:2::1", b"lan2")
    assert link_state(site, "lan2")["state"] == "ready"


def test_a_link_that_is_made_anew_is_served_again(bench):
    site = bench.site
    bench.expect_relayed(bench.solicit())
    before = link_state(site, "lan1")["ifindex"]
    site.router.ip("link", "del", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "absent")
    site.lab.veth(site.clients, "port-1", site.router, "lan1")
    site.clients.bridge_port("br-1", "port-1")
    site.router.address("lan1", "2001:db8:1::1/64")
    wait_for(lambda: site.router.joined("lan1"))
    bench.expect_relayed(bench.solicit())
    after = link_state(site, "lan1")
    assert after["ifindex"] != before
    assert after["counters"]["received"]["Solicit"] == 2, "counters outlive the link"


def test_a_reply_to_a_link_that_has_gone_is_counted(bench):
    site = bench.site
    relayed = bench.expect_relayed(bench.solicit())
    site.router.ip("link", "del", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "absent")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    wait_for(lambda: dropped(site, "link-gone") == 1)


def test_a_renamed_link_is_known_by_its_new_name(bench):
    site = bench.site
    site.router.ip("link", "set", "lan1", "down", "name", "lan-east")
    site.router.ip("link", "set", "lan-east", "up")
    site.router.address("lan-east", "2001:db8:1::1/64")
    wait_for(lambda: (link_state(site, "lan-east") or {}).get("state") == "ready")
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptIfaceId].ifaceid == b"lan-east"
    assert link_state(site, "lan1")["state"] == "absent"
    site.router.ip("link", "set", "lan-east", "down", "name", "other")
    site.router.ip("link", "set", "other", "up")
    wait_for(lambda: not site.router.joined("other"))


def test_the_next_message_after_an_address_moved_bears_the_new_one(bench):
    site, before = bench.site, "2001:db8:1::1"
    for number in range(1, 51):
        after = f"2001:db8:aa:{number:x}::1"
        site.router.address("lan1", f"{after}/64")
        site.router.ip("-6", "addr", "del", f"{before}/64", "dev", "lan1")
        assert bench.expect_relayed(bench.solicit()).linkaddr == after
        before = after


def test_a_message_behind_a_storm_of_events_bears_the_new_address(bench):
    site = bench.site
    pid = next(p.pid for p in site.lab.processes if p.name == "relayd")
    bench.expect_relayed(bench.solicit())
    site.lab.veth(site.router, "junk", site.router, "junk-peer")
    lines = "".join(f"link set dev junk mtu {1400 + n % 90}\n" for n in range(2500))
    os.kill(pid, signal.SIGSTOP)
    site.router.ip("-batch", site.lab.file("storm.batch", lines))
    site.router.address("lan1", "2001:db8:1::2/64")
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    bench.send(bench.solicit())
    os.kill(pid, signal.SIGCONT)
    relayed, _ = bench.at_server()
    assert relayed.linkaddr == "2001:db8:1::2"
    assert control(site, "status")["netlink"]["overruns"] == 0


def test_without_an_address_the_relay_says_why_and_keeps_silent(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-address") == 1)
    link = link_state(site, "lan1")
    assert (link["state"], link["reason"]) == ("no address", "no global address on the link")
    site.router.address("lan1", "2001:db8:1::1/64")
    bench.expect_relayed(bench.solicit())


def test_unspecified_link_address_where_so_configured(site):
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.start_relayd(config='interfaces = {"lan1"}\nwithout-address = unspecified\n'
                             f'server "{SERVER}" {{}}\n')
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("::", b"lan1")


def test_the_better_address_is_taken(bench):
    site = bench.site
    site.router.address("lan1", "2001:db8:1::2/64")  # newer: not taken
    site.router.address("lan1", "2001:db8:1::3/128")  # as VRRP adds them
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"
    site.router.ip("-6", "addr", "change", "2001:db8:1::1/64", "dev", "lan1", "preferred_lft", "0")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::2"
    site.router.ip("-6", "addr", "del", "2001:db8:1::2/64", "dev", "lan1")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::3"
    site.router.ip("-6", "addr", "del", "2001:db8:1::3/128", "dev", "lan1")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"


def test_a_tentative_address_is_not_used_until_it_stands(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.router.sysctl("net.ipv6.conf.lan1.accept_dad", 1)
    site.router.sysctl("net.ipv6.conf.lan1.dad_transmits", 3)
    site.router.address("lan1", "2001:db8:1::1/64", dad=True)
    link = link_state(site, "lan1")
    assert link["state"] == "tentative" and "2001:db8:1::1" in link["reason"]
    wait_for(lambda: link_state(site, "lan1")["state"] == "ready", 20)
    bench.expect_relayed(bench.solicit())


def test_addresses_of_a_vrrp_macvlan_count_and_nothing_is_relayed_twice(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.router.ip("link", "add", "lan1v", "link", "lan1", "address", "00:00:5e:00:02:01",
                   "type", "macvlan", "mode", "private")
    site.router.ip("link", "set", "lan1v", "up")
    site.router.address("lan1v", "2001:db8:1::f/64")
    wait_for(lambda: link_state(site, "lan1")["state"] == "ready")
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("2001:db8:1::f", b"lan1")
    bench.expect_nothing_before(bench.solicit())
    site.router.ip("-6", "addr", "del", "2001:db8:1::f/64", "dev", "lan1v")
    wait_for(lambda: link_state(site, "lan1")["state"] == "no address")


def test_a_link_named_in_the_config_is_awaited(lab):
    site = Site(lab, client_links=0)
    site.start_relayd(interfaces="lan7")
    wait_for(lambda: site.router.listens("udp", 547))
    assert link_state(site, "lan7")["state"] == "absent"
    site.add_client_link(7)
    wait_for(lambda: link_state(site, "lan7")["state"] == "ready")
    bench = Bench(site, 7)
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:7::1"


def test_the_route_to_the_server_moves_and_the_next_message_follows(bench):
    site = bench.site
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    bench.expect_relayed(bench.solicit())
    # the old uplink and its address are gone; the server is behind the other one now
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    site.router.ip("-6", "route", "replace", "2001:db8:100::/64", "via", "2001:db8:200::69")
    bench.send(bench.solicit())
    _, sender = bench.at_server()
    assert sender[0] == "2001:db8:200::1"
    server = control(site, "servers")["servers"][0]
    assert (server["uplink"], server["source"]) == ("up2", "2001:db8:200::1")
    assert server["next-hop"] == "2001:db8:200::69"


def test_relaying_goes_with_the_vrrp_address(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        link "lan*" {{ while-address = "2001:db8:1::f" }}
    """)
    bench = Bench(site)
    for _ in range(3):
        bench.send(bench.solicit())
        wait_for(lambda: dropped(site, "standby") > 0)
        link = link_state(site, "lan1")
        assert link["state"] == "standby" and "2001:db8:1::f" in link["reason"]
        site.router.address("lan1", "2001:db8:1::f/128", "preferred_lft", "0")
        bench.expect_relayed(bench.solicit())
        site.router.ip("-6", "addr", "del", "2001:db8:1::f/128", "dev", "lan1")
    before = dropped(site, "standby")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "standby") == before + 1)


def test_each_shift_of_the_way_to_the_server_is_told(site):
    relayd = site.start_relayd()
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    moves = (
        (("add", f"{SERVER}/128", "via", "2001:db8:200::69"), "up2"),
        (("del", f"{SERVER}/128"), "core"),
        (("add", f"{SERVER}/128", "via", "2001:db8:200::69", "metric", "10"), "up2"),
        (("add", f"{SERVER}/128", "dev", "core", "metric", "5"), "core"),
    )
    for number, (route, uplink) in enumerate(moves):
        since = relayd.mark()
        site.router.ip("-6", "route", *route)
        relayd.wait_for_line(rf"server {SERVER}: by {uplink},", since=since)
        server = control(site, "servers")["servers"][0]
        assert (server["uplink"], server["shifts"]) == (uplink, number + 1)
    site.router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    relayd.wait_for_line("no way to it: No route to host")
    assert control(site, "servers")["servers"][0]["reachable"] is False


def test_nexthop_objects_move_the_way(site):
    relayd = site.start_relayd()
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    site.router.sysctl("net.ipv4.nexthop_compat_mode", 0)
    site.router.ip("nexthop", "add", "id", "7", "via", SERVER, "dev", "core")
    site.router.ip("-6", "route", "add", f"{SERVER}/128", "nhid", "7")
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    since = relayd.mark()
    site.router.ip("nexthop", "replace", "id", "7", "via", "2001:db8:200::69", "dev", "up2")
    relayd.wait_for_line(rf"server {SERVER}: by up2,", since=since)
    bench.expect_relayed(bench.solicit())


# --- config and operation ---------------------------------------------------------------


def test_two_servers_both_get_a_copy(site):
    site.server.address("core", "2001:db8:100::70/64")
    site.start_relayd(servers=(SERVER, "2001:db8:100::70"))
    bench = Bench(site)
    other = site.server.udp_socket("2001:db8:100::70", 547)
    other.settimeout(10)
    bench.send(bench.solicit())
    first, _ = bench.at_server()
    assert bytes(first) == other.recvfrom(65535)[0]


def test_each_client_has_its_server_by_hash(site):
    site.server.address("core", "2001:db8:100::70/64")
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        server "2001:db8:100::70" {{}}
        forward = hash
    """)
    bench = Bench(site)
    other = site.server.udp_socket("2001:db8:100::70", 547)
    for number in range(64):
        duid = DHCP6OptClientId(duid=DUID_LL(lladdr=f"02:00:00:00:01:{number:02x}"))
        for _ in range(2):
            bench.send(DHCP6_Solicit(trid=number) / duid)
    wait_for(lambda: control(site, "status")["counters"]["forwarded"] == 128)
    seen = {}
    for sock in (bench.server, other):
        sock.setblocking(False)
        while True:
            try:
                data, _ = sock.recvfrom(65535)
            except BlockingIOError:
                break
            number = DHCP6_RelayForward(data)[DHCP6OptRelayMsg].message.trid
            seen.setdefault(number, []).append(sock)
    assert len(seen) == 64
    assert all(len(got) == 2 and got[0] is got[1] for got in seen.values())
    assert {sock for got in seen.values() for sock in got} == {bench.server, other}


def test_a_storm_of_one_client_does_not_starve_the_others(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        client-rate = 5
        link-rate = 1000
    """)
    bench = Bench(site)
    for _ in range(500):
        bench.send(bench.solicit(), src="fe80::bad")
    quiet = bench.solicit()
    bench.send(quiet)
    relayed = []
    while not relayed or relayed[-1].peeraddr != CLIENT:
        relayed.append(bench.at_server()[0])
    assert bytes(relayed[-1][DHCP6OptRelayMsg].message) == bytes(quiet)
    status = control(site, "status")["counters"]
    assert status["dropped"]["client-rate"] == 501 - status["forwarded"] > 300


def test_options_that_name_the_port(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        interface-id = "east/%i"
        subscriber-id = "%i"
        relay-id = "0003000102005e100001"
    """)
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptIfaceId].ifaceid == b"east/lan1"
    octets = bytes(relayed)
    assert bytes.fromhex("00260004") + b"lan1" in octets
    assert bytes.fromhex("0035000a0003000102005e100001") in octets
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    bench.wire.expect(dhcp_to(CLIENT))


def test_remote_id_and_a_pinned_source(site):
    site.router.address("lo", "2001:db8:ffff::1/128")
    site.server.route("2001:db8:ffff::1", "via", "2001:db8:100::1")
    site.start_relayd(config=f"""
        interfaces = {{"lan*", "!lan9"}}
        server "{SERVER}" {{}}
        source = lo
        remote-id = "rack:%i"
        enterprise-number = 32473
    """)
    bench = Bench(site)
    bench.send(bench.solicit())
    relayed, sender = bench.at_server()
    assert sender[0] == "2001:db8:ffff::1"
    assert bytes.fromhex("0025000d00007ed9") + b"rack:lan1" in bytes(relayed)


def test_without_privileges_everything_goes_on(site):
    text = f'interfaces = {{"lan*"}}\nuser = "nobody"\nserver "{SERVER}" {{}}\n'
    relayd = site.start_relayd(config=text)
    # `ip netns exec` becomes the program that it runs
    relayd.wait_for_line("relaying: ")
    status = Path(f"/proc/{relayd.pid}/status").read_text()
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        assert f"{kind}:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    site.add_client_link(2)
    wait_for(lambda: site.router.joined("lan2"))
    bench.wire = site.clients.wire("br-2")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:2::1"
    assert control(site, "reload") == {"reloaded": True}
    bench.expect_relayed(bench.solicit())


# As systemd with a .socket unit: opens the port, starts the relay on it, and again when it ends.
HOLDER = """
import os, signal, socket, sys
port = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
port.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
port.bind(("::", 547))
ending = False
def start():
    pid = os.fork()
    if pid == 0:
        os.dup2(port.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execv(sys.argv[1], sys.argv[1:])
    print("started", pid, flush=True)
    return pid
def end(*_):
    global ending
    ending = True
    os.kill(child, signal.SIGTERM)
signal.signal(signal.SIGTERM, end)
child = start()
while True:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ending or status != 0:
        sys.exit(status)
    child = start()
"""


def test_a_restart_on_a_passed_socket_loses_no_message(site):
    argv = (program("netboot6-relayd"), "-f", "--control", site.lab.directory / "relayd.sock",
            "-i", "lan*", "-s", SERVER)
    holder = site.router.popen("holder", sys.executable, "-c", HOLDER, *argv, ours=True)
    holder.wait_for_line("relaying: ")
    bench = Bench(site)
    sent = set()
    starts = 1
    for number in range(400):
        message = bench.solicit()
        sent.add(message.trid)
        bench.send(message)
        if number % 50 == 25:
            wait_for(lambda: holder.text().count("relaying: ") == starts)
            os.kill(int(re.findall(r"started (\d+)", holder.text())[-1]), signal.SIGTERM)
            starts += 1
    while sent:
        relayed, _ = bench.at_server()
        sent.remove(relayed[DHCP6OptRelayMsg].message.trid)
    assert holder.text().count("relaying: ") == starts == 9


def test_reload_changes_what_is_served_and_a_bad_file_changes_nothing(site):
    config = site.lab.directory / "relayd.conf"
    relayd = site.start_relayd(config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    config.write_text('interfaces = {"lan*"}\nserver "nonsense" {}\n')
    done = run(program("netboot6/netboot6"), "--control", site.lab.directory / "relayd.sock",
               "relay", "reload", check=False)
    assert done.returncode == 1
    assert f"{config}:2: " in done.stderr
    bench.expect_relayed(bench.solicit())
    config.write_text(f'interfaces = {{"other*"}}\nserver "{SERVER}" {{}}\n')
    control(site, "reload")
    assert not site.router.joined("lan1")
    config.write_text(f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    relayd.send_signal(1)
    wait_for(lambda: site.router.joined("lan1"))
    bench.expect_relayed(bench.solicit())


@pytest.mark.parametrize("config, line, said", [
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nwidth = 3\n', 3, "width"),
    ('interfaces = {"lan*"}\nserver "::" {}\n', 2, "IPv6 address of a server"),
    ('interfaces = {"a/b"}\nserver "2001:db8::1" {}\n', 1, "name or pattern"),
    ('interfaces = {"lan*"}\nsource = "fe80::1"\nserver "2001:db8::1" {}\n', 2, "global"),
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nwithout-address = perhaps\n', 3, "drop or"),
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nremote-id = "%q"\n', 3, "%h"),
    ('interfaces = {"lan*"}\n', 0, "no server"),
    ('server "2001:db8::1" {}\n', 0, "no client-facing links"),
])
def test_check_says_where_a_file_is_wrong(tmp_path, config, line, said):
    path = tmp_path / "relayd.conf"
    path.write_text(config)
    done = run(program("netboot6-relayd"), "-t", "-c", path, check=False)
    assert done.returncode == 78
    assert f"{path}:{line}: " in done.stderr and said in done.stderr


def test_another_program_on_the_port_is_named_as_the_reason(site):
    taken = site.router.udp_socket("::", 547)
    done = site.router.run(program("netboot6-relayd"), "-f", "-i", "lan*", "-s", SERVER, check=False)
    assert done.returncode == 1
    assert f"port 547 is taken by {Path('/proc/self/comm').read_text().strip()} " in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    taken.close()
