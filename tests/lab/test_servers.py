# SPDX-License-Identifier: ISC
"""The servers of the relay: by name, by multicast, and whose replies are accepted."""

import random
import socket
import struct

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_RelayForward,
    DHCP6_Reply,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptRelayMsg,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, CLIENT, CLIENT_MAC, Bench, dhcp_to, dropped
from lab.name_server import NXDOMAIN, NameServer
from lab.netns import link_local, run, wait_for
from lab.test_hostile import SEED
from lab.topology import SERVER, program

NAME = "dhcp.example.net"
OTHER = "2001:db8:100::70"


def servers(site):
    return site.ask("relayd", "servers")["servers"]


def await_server(site, **wanted):
    """Wait until one row of `netboot6 relay servers` has all of these values; returns it."""

    def found():
        for row in servers(site):
            if all(row.get(key.replace("_", "-")) == value for key, value in wanted.items()):
                return row
        return None

    return wait_for(found, 10, lambda: f"{wanted}; the servers are {servers(site)}")


class Servers(Bench):
    """A client, and servers on more than one address."""

    def __init__(self, site):
        super().__init__(site)
        site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
        self.at = {SERVER: self.server}

    def add(self, address):
        self.site.server.address("core", f"{address}/64")
        sock = self.site.server.udp_socket(address, 547)
        sock.settimeout(10)
        self.at[address] = sock

    def expect_at(self, address):
        """Send a Solicit and receive it at this address; returns the Relay-forward."""
        message = self.solicit()
        self.send(message)
        relayed = DHCP6_RelayForward(self.at[address].recv(65535))
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
        return relayed

    def answer(self, address, relayed):
        """Reply from this address; returns the transaction ID of the reply."""
        self.xid = (self.xid + 1) % (1 << 24)
        answer = self.reply(relayed, DHCP6_Reply(trid=self.xid))
        self.at[address].sendto(bytes(answer), ("2001:db8:100::1", 547))
        return self.xid

    def expect_answer(self, address, relayed):
        number = self.answer(address, relayed)
        got = self.wire.expect(dhcp_to(CLIENT))
        assert int.from_bytes(bytes(got["UDP"].payload)[1:4], "big") == number


@pytest.fixture
def names(site):
    return NameServer(site.server, SERVER, ttl=1)


def start_by_name(site, names, more=""):
    text = f'interfaces = {{"lan*"}}\nserver "{NAME}" {{}}\n{more}'
    return site.start_relayd(config=text, resolv_conf=names.resolv_conf())


# --- by name ---------------------------------------------------------------------------


def test_a_server_by_name_is_followed_to_its_new_address(site, names):
    """After the TTL ends, without a reload, and without privileges."""
    names.records[NAME] = [SERVER]
    start_by_name(site, names, 'user = "nobody"\n')
    bench = Servers(site)
    bench.add(OTHER)
    await_server(site, server=SERVER, name=NAME, reachable=True)
    relayed = bench.expect_at(SERVER)
    bench.expect_answer(SERVER, relayed)
    names.records[NAME] = [OTHER]
    await_server(site, server=OTHER, name=NAME, reachable=True)
    assert len(servers(site)) == 1
    relayed = bench.expect_at(OTHER)
    bench.answer(SERVER, relayed)
    wait_for(lambda: dropped(site, "unknown-server") == 1)
    bench.expect_answer(OTHER, relayed)


def test_a_name_with_several_addresses_is_several_servers(site, names):
    names.records[NAME] = [OTHER, "fe80::1", "::1", "ff02::1:2", "::ffff:192.0.2.1", SERVER, OTHER]
    start_by_name(site, names)
    bench = Servers(site)
    bench.add(OTHER)
    await_server(site, server=OTHER)
    assert [row["server"] for row in servers(site)] == [SERVER, OTHER]
    bench.expect_at(SERVER)
    assert bench.at[OTHER].recv(65535)


def test_a_name_that_does_not_resolve_does_not_stop_relaying(site, names):
    names.records[NAME] = None
    text = f'interfaces = {{"lan*"}}\nserver "{NAME}" {{}}\nserver "{SERVER}" {{}}\n'
    relayd = site.start_relayd(config=text, resolv_conf=names.resolv_conf())
    bench = Servers(site)
    bench.expect_at(SERVER)
    await_server(site, server=NAME, reachable=False, reason="not resolved yet")
    names.records[NAME] = NXDOMAIN
    site.ask("relayd", "reload")
    await_server(site, server=NAME, reachable=False, reason="there is no such name")
    relayd.wait_for_line(f"server {NAME}: does not resolve: there is no such name")
    names.records[NAME] = ["::1"]
    site.ask("relayd", "reload")
    await_server(site, server=NAME, reason="no address of it is global")
    names.records[NAME] = [OTHER]
    bench.add(OTHER)
    site.ask("relayd", "reload")
    await_server(site, server=OTHER, reachable=True)
    bench.expect_at(SERVER)
    assert bench.at[OTHER].recv(65535)


def test_a_name_that_stops_resolving_keeps_its_last_addresses(site, names):
    names.records[NAME] = [SERVER]
    relayd = start_by_name(site, names)
    bench = Servers(site)
    await_server(site, server=SERVER, reachable=True)
    names.records[NAME] = NXDOMAIN
    relayd.wait_for_line("there is no such name; still using its previous addresses")
    row = await_server(site, server=SERVER, reachable=True, reason="there is no such name")
    assert row["name"] == NAME
    bench.expect_at(SERVER)
    names.records[NAME] = [SERVER]
    site.ask("relayd", "reload")
    relayd.wait_for_line(f"server {NAME}: resolves again")
    assert "reason" not in servers(site)[0]
    names.records[NAME] = None
    asked = len(names.asked)
    site.ask("relayd", "reload")
    wait_for(lambda: len(names.asked) > asked)  # and so it ends with a question that is open


def test_malformed_dns_answers_are_survived(site, names):
    """Truncated, mutated and random answers before each valid one, some with its query ID."""

    def junk(answer):
        yield from (answer[:size] for size in range(0, len(answer), 3))
        for _ in range(100):
            mutant = bytearray(answer)
            for _ in range(chance.randint(1, 6)):
                mutant[chance.randrange(2, len(mutant))] = chance.randrange(256)
            yield bytes(mutant)
        yield from (answer[:2] + chance.randbytes(chance.randrange(600)) for _ in range(50))

    print(f"NB6_SEED={SEED}")
    chance = random.Random(f"{SEED} names")
    names.records[NAME] = [SERVER]
    names.junk = junk
    start_by_name(site, names)
    for _ in range(5):
        asked = len(names.asked)
        site.ask("relayd", "reload")
        wait_for(lambda: len(names.asked) > asked)
    names.junk = lambda answer: ()
    site.ask("relayd", "reload")
    wait_for(lambda: [(row["server"], row.get("reason")) for row in servers(site)] == [(SERVER, None)])
    Servers(site).expect_at(SERVER)


def server_table(site):
    """The row of `netboot6 relay servers`, by column."""
    done = run(program("netboot6/netboot6"), "--control", site.lab.directory / "relayd.sock",
               "relay", "servers")
    heading, row = done.stdout.splitlines()[:2]
    return dict(zip(heading.split(), row.split()))


def test_a_silent_server_is_shown_as_silent(site):
    """Everywhere: a server that is reachable by routing may still be down."""
    relayd = site.start_relayd()
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    bench.expect_answer(SERVER, relayed)
    assert (server_table(site)["STATE"], servers(site)[0]["state"]) == ("reachable", "reachable")

    def falls_silent():
        bench.send(bench.solicit())
        return servers(site)[0]["state"] == "silent"

    wait_for(falls_silent, 30)
    row = servers(site)[0]
    assert row["reachable"] is True and row["unanswered"] >= 8
    assert row["reason"] == f"no reply to {row['unanswered']} messages"
    assert server_table(site)["STATE"] == "silent"
    relayd.wait_for_line(f"server {SERVER}: silent")
    bench.expect_answer(SERVER, relayed)
    assert (server_table(site)["STATE"], servers(site)[0]["state"]) == ("reachable", "reachable")
    assert "reason" not in servers(site)[0]


def counts_of(site, link):
    counters = next(
        row["counters"] for row in site.ask("relayd", "links")["links"] if row["name"] == link)
    return counters["forwarded"], counters["dropped"]


def test_a_message_that_the_kernel_refuses_is_dropped_and_not_forwarded(site):
    """No copy left: the link's and the relay's counters say so. One of two left: it was relayed."""
    site.router.ip("-6", "route", "add", "prohibit", f"{OTHER}/128")
    site.start_relayd(config=f'interfaces = {{"lan*"}}\nserver "{OTHER}" {{}}\n')
    bench = Servers(site)
    for _ in range(20):
        bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "send-failed") == 20)
    assert counts_of(site, "lan1") == (0, {"send-failed": 20})
    assert site.ask("relayd", "status")["counters"]["forwarded"] == 0
    row = servers(site)[0]
    assert (row["forwarded"], row["failed"], row["unanswered"]) == (0, 20, 0)
    site.lab.file("relayd.conf", f"""
        interfaces = {{"lan*"}}
        server "{OTHER}" {{}}
        server "{SERVER}" {{}}
    """)
    site.ask("relayd", "reload")
    bench.expect_at(SERVER)
    wait_for(lambda: servers(site)[0]["failed"] == 21)
    assert counts_of(site, "lan1") == (1, {"send-failed": 20})
    assert dropped(site, "send-failed") == 20


# --- by multicast -----------------------------------------------------------------------

ALL_SERVERS = "ff05::1:3"
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 51, 52
MULTICAST = f"""
interfaces = {{"lan*"}}
server "{ALL_SERVERS}" {{ interface = {{"core*"}} }}
"""


class MulticastServer:
    """A server on a link of the server's namespace that joined the group; it replies from its own address."""

    def __init__(self, namespace, device, address):
        self.sock = namespace.udp_socket(ALL_SERVERS, 547)
        group = socket.inet_pton(socket.AF_INET6, ALL_SERVERS)
        request = group + struct.pack("@I", namespace.ifindex(device))
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
        self.sock.settimeout(10)
        self.own = namespace.udp_socket(address, 547)

    def expect(self, bench):
        """Receive the next Solicit; returns the Relay-forward, its source and its hop limit."""
        message = bench.solicit()
        bench.send(message)
        data, control, _, sender = self.sock.recvmsg(65535, 200)
        relayed = DHCP6_RelayForward(data)
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
        hops = [value for _, kind, value in control if kind == IPV6_HOPLIMIT]
        return relayed, sender[0], struct.unpack("@i", hops[0])[0]


def answer_from(sock, bench, relayed, to="2001:db8:100::1"):
    bench.xid = (bench.xid + 1) % (1 << 24)
    sock.sendto(bytes(bench.reply(relayed, DHCP6_Reply(trid=bench.xid))), (to, 547))
    return bench.xid


def test_servers_by_multicast(site):
    site.server.address("core", f"{OTHER}/64")
    site.start_relayd(config=MULTICAST)
    bench = Servers(site)
    server = MulticastServer(site.server, "core", OTHER)
    relayed, source, hops = server.expect(bench)
    assert (source, hops) == ("2001:db8:100::1", 8)
    number = answer_from(server.own, bench, relayed)
    got = bench.wire.expect(dhcp_to(CLIENT))
    assert int.from_bytes(bytes(got["UDP"].payload)[1:4], "big") == number
    row = servers(site)[0]
    assert (row["server"], row["uplink"], row["replies"]) == (ALL_SERVERS, "core", 1)
    # The source is an address of the uplink, and no other one's, when that changes.
    site.router.address("lo", "2001:db8:ffff::1/128")
    site.router.address("core", "2001:db8:100::2/64")
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    assert server.expect(bench)[1] == "2001:db8:100::2"
    site.router.ip("-6", "addr", "del", "2001:db8:100::2/64", "dev", "core")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-server") == 1)
    assert servers(site)[0]["reason"] == "the uplink core has no usable global address"


@pytest.mark.parametrize("listen", ["[::]:547", f"[{SERVER}]:547"])
def test_bootd_is_reached_by_multicast(site, listen):
    """RFC 9915 section 7.1: a server joins All_DHCP_Servers on the links that it listens on."""
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bootd = site.start_bootd(f'dhcp-listen = "{listen}"\nsubnet "2001:db8:1::/64" {{}}\n')
    bootd.wait_for_line(r"core: receives relays' multicast")
    site.start_relayd(config=MULTICAST)
    wire = site.clients.wire("br-1")
    message = DHCP6_Solicit(trid=7) / DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
    message /= DHCP6OptIA_NA(iaid=1)
    frame = Ether(src=CLIENT_MAC, dst=ALL_RELAYS_MAC)
    frame /= IPv6(src=CLIENT, dst=ALL_RELAYS, hlim=1) / UDP(sport=546, dport=547) / message
    wire.send(frame)
    got = wire.expect(dhcp_to(CLIENT))
    assert DHCP6_Advertise in got and DHCP6OptIAAddress in got


def test_an_uplink_that_appears_later_is_used(site):
    site.start_relayd(config=MULTICAST.replace("core*", "up*"))
    bench = Servers(site)
    await_server(site, server=ALL_SERVERS, reachable=False, reason="no uplink matches its interface patterns")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-server") == 1)
    for number in (1, 2):
        site.lab.veth(site.router, f"up{number}", site.server, f"up{number}")
        site.router.address(f"up{number}", f"2001:db8:20{number}::1/64")
        site.server.address(f"up{number}", f"2001:db8:20{number}::69/64")
        await_server(site, uplink=f"up{number}", reachable=True)
    server = MulticastServer(site.server, "up2", "2001:db8:202::69")
    relayed, source, _ = server.expect(bench)
    assert source == "2001:db8:202::1"
    # The answer is taken on an uplink that was asked on, not on another link.
    answer_from(bench.server, bench, relayed)
    wait_for(lambda: dropped(site, "unknown-server") == 1)
    number = answer_from(server.own, bench, relayed, "2001:db8:202::1")
    got = bench.wire.expect(dhcp_to(CLIENT))
    assert int.from_bytes(bytes(got["UDP"].payload)[1:4], "big") == number
    site.router.ip("link", "del", "up2")
    wait_for(lambda: [row["uplink"] for row in servers(site)] == ["up1"])


def test_multicast_to_a_server_on_the_same_host_does_not_come_back(site):
    """The kernel loops our multicast back to the members of the group on this host, us included."""
    site.start_relayd(config=MULTICAST)
    bench = Servers(site)
    here = site.router.udp_socket("::", 0)
    request = socket.inet_pton(socket.AF_INET6, ALL_SERVERS)
    request += struct.pack("@I", site.router.ifindex("core"))
    here.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "not-served") == 1)
    assert site.ask("relayd", "status")["counters"]["forwarded"] == 1


# --- answers, and what pretends to be one -----------------------------------------------

VRRP_MAC = "00:00:5e:00:02:01"
VRRP_ADDRESS = "2001:db8:1::f"


def mac_of_group(group):
    return "33:33:" + socket.inet_pton(socket.AF_INET6, group)[12:].hex(":")


class Attacker:
    """A host on a link of the router that uses the server's address."""

    def __init__(self, bench, wire, mac):
        self.bench = bench
        self.wire = wire
        self.mac = mac

    def send(self, message, to, mac=None, source=SERVER):
        mac = mac_of_group(to) if to.startswith("ff") else mac or self.mac
        self.wire.send(Ether(src=CLIENT_MAC, dst=mac) / IPv6(src=source, dst=to)
                       / UDP(sport=547, dport=547) / message)


def expect_no_answer(bench, attacks, relayed):
    """No forged reply reached the client, and replies of the real server still do."""
    assert bench.wire.receive(dhcp_to(CLIENT), limit=0.1) is None, attacks
    bench.expect_answer(SERVER, relayed)


def test_no_host_on_a_client_link_can_pose_as_the_server(site):
    """By unicast to any of the router's addresses, by multicast, to VRRP's MAC above the link."""
    router = site.router
    router.address("lo", "2001:db8:ffff::1/128")
    above = ("link", "lan1", "address", VRRP_MAC, "type", "macvlan", "mode", "private")
    router.ip("link", "add", "lan1v", *above)
    router.ip("link", "set", "lan1v", "up")
    router.address("lan1v", f"{VRRP_ADDRESS}/64")
    site.start_relayd()
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    answer = bench.reply(relayed, DHCP6_Reply(trid=1))
    attacker = Attacker(bench, bench.wire, router.mac("lan1"))
    own = link_local(router.mac("lan1"))
    wait_for(lambda: router.has_address(own, "lan1"))
    unicast = ["2001:db8:1::1", "2001:db8:100::1", "2001:db8:ffff::1", VRRP_ADDRESS, own]
    for to in unicast + ["ff02::1", "ff02::2", "ff02::1:2"]:
        before = dropped(site, "reply-from-client-link")
        attacker.send(answer, to)  # by multicast it comes in on both
        wait_for(lambda: dropped(site, "reply-from-client-link") > before, 10, to)
    # To VRRP's MAC: it comes in on the macvlan, which nobody has to name as client-facing.
    for to in unicast[:4]:
        before = dropped(site, "reply-from-client-link")
        attacker.send(answer, to, VRRP_MAC)
        wait_for(lambda: dropped(site, "reply-from-client-link") > before, 10, to)
    forward = DHCP6_RelayForward(linkaddr="2001:db8:1::1", peeraddr=CLIENT)
    forward /= DHCP6OptRelayMsg(message=bench.solicit())
    for number, mac in enumerate((VRRP_MAC, attacker.mac), 1):
        attacker.send(forward, VRRP_ADDRESS, mac, source="2001:db8:1::66")
        wait_for(lambda: dropped(site, "untrusted-relay") == number)
    expect_no_answer(bench, "from a client link", relayed)


def test_no_host_on_an_unserved_link_can_pose_as_the_server(site):
    site.lab.veth(site.router, "other", site.clients, "other")
    site.router.address("other", "2001:db8:9::1/64")
    site.start_relayd()
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    answer = bench.reply(relayed, DHCP6_Reply(trid=1))
    attacker = Attacker(bench, site.clients.wire("other"), site.router.mac("other"))
    targets = ("2001:db8:9::1", "2001:db8:100::1", "2001:db8:1::1", "ff02::1", "2001:db8:9::1")
    for number, to in enumerate(targets, 1):
        attacker.send(answer, to)
        wait_for(lambda: dropped(site, "reply-from-other-link") == number, 10, to)
    expect_no_answer(bench, "from an unserved link", relayed)


@pytest.fixture
def asymmetric(site):
    """The route to the server is by core; its replies come by up2."""
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    site.server.route("2001:db8:100::1/128", "via", "2001:db8:200::1", "dev", "up2")
    return site


def test_replies_may_come_back_by_another_uplink(asymmetric):
    """If the kernel has a route to the server out of it, even one that is not used."""
    site = asymmetric
    site.router.route("default", "via", "2001:db8:200::69", "dev", "up2", "metric", "9000")
    site.start_relayd()
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    bench.expect_answer(SERVER, relayed)
    # Without the address, once the relay knows that, no reply is accepted; with it, they are again.
    site.router.ip("-6", "route", "del", "default", "metric", "9000")
    bench.expect_answer(SERVER, relayed)  # it has led to the server since it appeared
    site.ask("relayd", "reload")
    bench.answer(SERVER, relayed)
    wait_for(lambda: dropped(site, "reply-from-other-link") == 1)
    bench.answer(SERVER, relayed)
    wait_for(lambda: dropped(site, "reply-from-other-link") == 2)
    site.router.route("default", "via", "2001:db8:200::69", "dev", "up2", "metric", "9000")
    bench.expect_answer(SERVER, relayed)


def test_a_link_by_which_replies_come_back_can_be_configured(asymmetric):
    site = asymmetric
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{ interface = {{"up*"}} }}
    """)
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    bench.expect_answer(SERVER, relayed)
    site.server.ip("-6", "route", "del", "2001:db8:100::1/128")
    bench.expect_answer(SERVER, relayed)


def test_replies_in_flight_survive_a_failover(site):
    """The path moves to another uplink; the reply to an earlier message still comes by the old one."""
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    relayd = site.start_relayd()
    bench = Servers(site)
    relayed = bench.expect_at(SERVER)
    since = relayd.mark()
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    site.router.address("core", "2001:db8:100::1/128")
    site.router.route(f"{SERVER}/128", "via", "2001:db8:200::69", "dev", "up2")
    asked = site.router.ip("-6", "route", "get", SERVER, "oif", "core", check=False)
    assert asked.returncode != 0, "the kernel has no route by the old uplink"
    relayd.wait_for_line(rf"server {SERVER}: uplink up2,", since=since)
    bench.expect_answer(SERVER, relayed)
    bench.expect_at(SERVER)


def test_a_server_may_reply_from_other_addresses(site):
    """An anycast or multihomed server; replies from addresses that are not named are dropped."""
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{ answers-from = {{"{OTHER}/128"}} }}
    """)
    bench = Servers(site)
    bench.add(OTHER)
    bench.add("2001:db8:100::71")
    relayed = bench.expect_at(SERVER)
    bench.expect_answer(OTHER, relayed)
    bench.answer("2001:db8:100::71", relayed)
    wait_for(lambda: dropped(site, "unknown-server") == 1)
    bench.expect_answer(SERVER, relayed)
    assert servers(site)[0]["replies"] == 2


# --- from a port of its own (RFC 8357) ----------------------------------------------------

OWN_PORT = f"""
interfaces = {{"lan*"}}
server "{SERVER}" {{}}
source-port = 1547
"""
NO_PORT_BELOW = bytes.fromhex("008700020000")


def with_port(answer, port):
    """A Relay-reply with the Relay Source Port option that the server returns."""
    return bytes(answer) + bytes.fromhex("00870002") + port.to_bytes(2, "big")


def test_a_relay_with_a_port_of_its_own(site):
    site.start_relayd(config=OWN_PORT)
    bench = Servers(site)
    bench.send(bench.solicit())  # clients know no other port than 547
    data, sender = bench.server.recvfrom(65535)
    assert sender[:2] == ("2001:db8:100::1", 1547)
    assert NO_PORT_BELOW in data
    relayed = DHCP6_RelayForward(data)
    answer = with_port(bench.reply(relayed, DHCP6_Reply(trid=5)), 0)
    for port in (1547, 547):  # the latter by a server that does not know the option
        bench.server.sendto(answer, (sender[0], port))
        got = bench.wire.expect(dhcp_to(CLIENT))
        assert got["UDP"].sport == 547
    # Only servers send to the port that servers reply to.
    bench.server.sendto(bytes(bench.solicit()), (sender[0], 1547))
    wait_for(lambda: dropped(site, "not-served") == 1)


def test_a_server_on_the_same_host(site):
    """It binds port 547 on its own addresses, as Kea does, before and after the relay starts."""
    here = "2001:db8:100::1"
    with site.router.entered():
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    site.lab.closing.callback(server.close)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((here, 547))
    server.settimeout(10)
    site.start_relayd(config=OWN_PORT.replace(SERVER, here))
    bench = Servers(site)
    message = bench.solicit()
    bench.send(message)
    data, sender = server.recvfrom(65535)
    assert sender[:2] == (here, 1547)
    relayed = DHCP6_RelayForward(data)
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
    server.sendto(with_port(bench.reply(relayed, DHCP6_Reply(trid=9)), 0), sender)
    bench.wire.expect(dhcp_to(CLIENT))


def test_a_chain_of_two_relays_of_which_one_has_its_own_port(site):
    """clients ── south [below] north ── lan9 [router] core ── server"""
    below = site.lab.namespace("below")
    below.sysctl("net.ipv6.conf.all.forwarding", 1)
    site.clients.bridge("br-8")
    site.lab.veth(site.clients, "port-8", below, "south")
    site.clients.bridge_port("br-8", "port-8")
    site.lab.veth(below, "north", site.router, "lan9")
    below.address("south", "2001:db8:8::1/64")
    below.address("north", "2001:db8:9::a/64")
    site.router.address("lan9", "2001:db8:9::1/64")
    config = f'interfaces = {{"lan*"}}\ntrusted = {{"lan9"}}\nserver "{SERVER}" {{}}\n'
    site.start_relayd(config=config)
    config = 'interfaces = {"south"}\nserver "2001:db8:9::1" {}\nsource-port = 1547\n'
    path = site.lab.file("below.conf", config + f'control = "{site.lab.directory}/below.sock"\n')
    relayd = below.popen("relayd", program("netboot6-relayd"), "-f", "-c", path, ours=True)
    relayd.wait_for_line("notice: ready: ")
    bench = Bench(site, wire=site.clients.wire("br-8"))
    below.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", "south")
    message = bench.solicit()
    bench.send(message)
    data, sender = bench.server.recvfrom(65535)
    assert sender[1] == 547
    outer = DHCP6_RelayForward(data)
    assert bytes.fromhex("00870002060b") in data and NO_PORT_BELOW in data
    assert (outer.hopcount, outer.peeraddr, outer.linkaddr) == (1, "2001:db8:9::a", "::")
    inner = outer[DHCP6OptRelayMsg].message
    assert bytes(message) in bytes(inner)
    answer = with_port(bench.reply(DHCP6_RelayForward(bytes(inner)), DHCP6_Reply(trid=6)), 0)
    bench.server.sendto(with_port(bench.reply(outer, answer), 1547), ("2001:db8:100::1", 547))
    got = bench.wire.expect(dhcp_to(CLIENT))
    assert (got["UDP"].sport, got["UDP"].dport) == (547, 546)
    assert bytes(got["UDP"].payload)[:4] == bytes([7, 0, 0, 6])
