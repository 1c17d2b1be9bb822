# SPDX-License-Identifier: ISC
"""The relay on the wire: what a server receives from a client, and a client from a server.

Scapy plays the clients and the server; it is the codec that judges ours.
"""

import random
import socket

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Reply,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import (
    ALL_RELAYS,
    ALL_RELAYS_MAC,
    CLIENT,
    CLIENT_MAC,
    Bench,
    control,
    dhcp_to,
    dropped,
    link_state,
)
from lab.netns import link_local, wait_for
from lab.topology import SERVER, Site


# --- toward the server ---------------------------------------------------------------


def test_messages_at_the_server(bench):
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
    """The MAC of a frame is recorded before its datagram is read, whatever other CPUs do."""
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


def test_the_packet_socket_learns_the_mac_as_well(site):
    relayd = site.start_relayd("--client-mac-by", "packet-socket")
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    assert control(site, "status")["client-mac-by"] == "packet-socket"
    relayd.wait_for_line("read by a packet socket, .*; eBPF was not chosen")


def test_ebpf_is_the_default(bench):
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


def test_options_that_identify_the_port(site):
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


@pytest.mark.parametrize("message_type", [2, 7, 10, 15, 16, 17, 18, 19, 21, 22, 30, 37])
def test_messages_of_servers_from_a_client_are_dropped(bench, message_type):
    bench.send(bytes([message_type, 1, 2, 3]))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "server-type") == 1


def test_unicast_from_a_client_is_dropped(bench):
    router_mac = bench.site.router.mac("lan1")
    wait_for(lambda: bench.site.router.has_address(link_local(router_mac), "lan1"))
    bench.send(bench.solicit(), dst=link_local(router_mac), dst_mac=router_mac)
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "unicast") == 1


def test_a_forged_relay_forward_from_a_client_is_dropped(bench):
    forged = DHCP6_RelayForward(linkaddr="2001:db8:1::1", peeraddr="fe80::bad")
    forged /= DHCP6OptClientLinkLayerAddr(clladdr="02:00:00:00:00:bb")
    bench.send(forged / DHCP6OptRelayMsg(message=bench.solicit()))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "untrusted-relay") == 1


def test_truncated_and_malformed_datagrams_are_counted(bench):
    for junk in (b"\x01", b"\x0c", b"\x0c\x00", b"\x0d" + bytes(10), b"\x01\x02\x03"):
        bench.send(junk)
    bench.wire.send(Ether(src=CLIENT_MAC, dst="33:33:00:01:00:02")
                    / IPv6(src=CLIENT, dst=ALL_RELAYS) / UDP(sport=546, dport=547))
    bench.expect_nothing_before(bench.solicit())
    assert dropped(bench.site, "short") >= 4


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


# --- relays below --------------------------------------------------------------------


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


def relay_forward(bench, peer="fe80::1"):
    below = DHCP6_RelayForward(hopcount=0, linkaddr="2001:db8:77::1", peeraddr=peer)
    return below / DHCP6OptRelayMsg(message=bench.solicit())


@pytest.mark.parametrize("setting", ['relays = {{"{}/128"}}', 'relays = {{"2001:db8::/32"}}',
                                     'trusted = {{"{link}"}}'])
@pytest.mark.parametrize("where", ["beyond the uplink", "on an excluded link"])
def test_relays_on_links_without_clients_are_named(site, where, setting):
    """Only configured relays can have a Relay-forward sent from our address, which servers trust."""
    site.add_client_link(9)
    config = f'interfaces = {{"lan*", "!lan9"}}\nserver "{SERVER}" {{}}\n'
    site.links.remove(9)
    site.start_relayd(config=config)
    bench = Bench(site)
    if where == "beyond the uplink":
        address, link, to = "2001:db8:100::77", "core", "2001:db8:100::1"
        site.server.address("core", f"{address}/64")
        below = site.server.udp_socket(address, 547)
    else:
        address, link, to = "2001:db8:9::77", "lan9", "2001:db8:9::1"
        site.clients.address("br-9", f"{address}/64")
        below = site.clients.udp_socket(address, 547)
    below.sendto(bytes(relay_forward(bench)), (to, 547))
    wait_for(lambda: dropped(site, "untrusted-relay") == 1)
    bench.expect_relayed(bench.solicit())
    site.lab.file("relayd.conf", config + setting.format(address, link=link) + "\n")
    site.ask("relayd", "reload")
    message = relay_forward(bench)
    below.sendto(bytes(message), (to, 547))
    relayed, _ = bench.at_server()
    assert (relayed.hopcount, relayed.peeraddr, relayed.linkaddr) == (1, address, "::")
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)


def test_an_address_of_a_relay_counts_for_nothing_on_a_client_link(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        relays = {{"2001:db8:1::77/128", "fe80::/10"}}
    """)
    bench = Bench(site)
    for source in ("2001:db8:1::77", CLIENT):
        bench.send(relay_forward(bench), src=source)
    wait_for(lambda: dropped(site, "untrusted-relay") == 2)
    bench.expect_nothing_before(bench.solicit())


def test_rates_hold_for_clients_of_relays_below(site):
    site.start_relayd(config=CHAIN_CONFIG + "client-rate = 5\n")
    bench = Bench(site)
    for _ in range(60):
        bench.send(relay_forward(bench, "fe80::1"))
    wait_for(lambda: dropped(site, "client-rate") >= 40)
    came = site.ask("relayd", "status")["counters"]["forwarded"]
    for _ in range(came):
        bench.at_server()
    # Another client of the same relay has a limit of its own.
    message = relay_forward(bench, "fe80::2")
    bench.send(message)
    relayed, _ = bench.at_server()
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)


def test_a_leasequery_of_a_client_is_dropped(site):
    """At its own link, and inside what a relay below sends (RFC 5007 section 5)."""
    site.start_relayd(config=CHAIN_CONFIG)
    bench = Bench(site)
    bench.send(bytes([14, 1, 2, 3]))
    below = DHCP6_RelayForward(hopcount=0, linkaddr="2001:db8:77::1", peeraddr="fe80::1")
    bench.send(bytes(below) + bytes.fromhex("00090004") + bytes([14, 1, 2, 3]))
    wait_for(lambda: dropped(site, "leasequery") == 2)
    bench.expect_nothing_before(bench.solicit())


# --- toward the client ---------------------------------------------------------------


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


def test_an_address_registration_is_relayed_and_answered_on_its_link(bench):
    """RFC 9686: the message comes from the registered address, and the reply goes to it."""
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


def test_a_reply_to_an_address_in_the_prefix_of_vrrp_only(bench):
    """The only global address, and so the prefix's route, is VRRP's on the macvlan."""
    router, address = bench.site.router, "2001:db8:1::abcd"
    router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    router.ip("link", "add", "lan1v", "link", "lan1", "address", "00:00:5e:00:02:01",
              "type", "macvlan", "mode", "private")
    router.ip("link", "set", "lan1v", "up")
    router.address("lan1v", "2001:db8:1::f/64")
    wait_for(lambda: link_state(bench.site, "lan1")["state"] == "ready")
    relayed = bench.expect_relayed(bench.solicit(), src=address)
    router.ip("-6", "neigh", "add", address, "lladdr", CLIENT_MAC, "dev", "lan1v")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    assert bench.wire.expect(dhcp_to(address))[IPv6].src == "2001:db8:1::f"


def test_a_reply_to_an_address_that_is_off_link_is_dropped(bench):
    relayed = bench.expect_relayed(bench.solicit(), src="2001:db8:100::99")
    victim = bench.site.server.wire("core")
    bench.site.router.ip("-6", "neigh", "add", "2001:db8:100::99", "lladdr", CLIENT_MAC, "dev", "core")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    wait_for(lambda: dropped(bench.site, "off-link") == 1)
    assert victim.receive(dhcp_to("2001:db8:100::99"), limit=0.1) is None


def test_replies_reach_their_link_if_all_links_share_one_mac(lab):
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


def test_the_link_address_identifies_the_link_if_the_interface_id_is_missing(bench):
    relayed = bench.expect_relayed(bench.solicit())
    bench.site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=5), interface_id=None))
    bench.wire.expect(dhcp_to(CLIENT))


def test_replies_from_unknown_sources_and_for_unknown_links_are_dropped(bench):
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
