# SPDX-License-Identifier: ISC
"""bootd as relays and clients see it: who is answered, with which address and boot file, and how
the answer goes back.

A test is a relay (a socket on the router) or a client on bootd's own link (frames); what it
sends and what comes back is made and read with scapy.
"""

import os
import signal
from ipaddress import ip_address

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_Confirm,
    DHCP6_Decline,
    DHCP6_InfoRequest,
    DHCP6_Rebind,
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Release,
    DHCP6_Renew,
    DHCP6_Reply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptDNSServers,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptIfaceId,
    DHCP6OptOptReq,
    DHCP6OptPref,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DHCP6OptStatusCode,
    DHCP6OptUnknown,
    DUID_EN,
    DUID_LL,
)
from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import Ether

from lab.boot_client import (
    CONF,
    LINK,
    MAC,
    SUBNET,
    X64_HTTP,
    X64_UEFI,
    Relay,
    address,
    arch,
    duid,
    ia_na,
    options,
    read_options,
    relay,
    request_of,
    solicit,
    url,
    user_class,
    uuid_duid,
)
from lab.netns import link_local, wait_for


# --- addresses and boot files --------------------------------------------------------


def test_uefi_gets_address_and_url_in_both_answers(through):
    advertise = through.ask(solicit(arch(X64_UEFI)))
    assert DHCP6_Advertise in advertise and advertise.trid == 0x112233
    assert ip_address(address(advertise)) in SUBNET
    assert url(advertise) == "tftp://[2001:db8:100::69]/snponly.efi"
    assert advertise[DHCP6OptPref].prefval == 255
    assert advertise[DHCP6OptDNSServers].dnsservers == ["2001:db8::53"]
    reply = through.ask(request_of(advertise, arch(X64_UEFI)))
    assert DHCP6_Reply in reply and reply.trid == 0x445566
    assert address(reply) == address(advertise) and url(reply) == url(advertise)
    codes = [number for number, _ in read_options(bytes(reply))]
    assert not {12, 14, 16} & set(codes)


def test_boot_file_by_arch_and_user_class(through):
    http = through.ask(solicit(arch(X64_HTTP)))
    assert url(http) == "http://[2001:db8:100::69]/uki.efi"
    assert dict(read_options(bytes(http)))[16] == b"\0\0\x01\x57\0\x0aHTTPClient"
    ipxe = through.ask(solicit(arch(X64_UEFI), user_class("iPXE")))
    assert url(ipxe) == f"http://[2001:db8:100::69]/boot.ipxe?mac={MAC}"
    assert url(through.ask(solicit(arch(11)))) == ""


def test_one_machine_has_one_address(through):
    """Another DUID and IAID of the same MAC: iPXE after UEFI, GRUB after iPXE."""
    uefi = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(1), iaid=0x12345678))
    through.ask(request_of(uefi, iaid=0x12345678))
    ipxe = through.ask(solicit(arch(X64_UEFI), user_class("iPXE"), client=uuid_duid(2), iaid=2))
    assert address(ipxe) == address(uefi)
    reply = through.ask(request_of(ipxe, iaid=2))
    assert address(reply) == address(uefi)
    grub = through.ask(solicit(client=duid(), iaid=0))
    assert address(grub) == address(uefi)
    other = through.ask(solicit(client=uuid_duid(3)), mac="52:54:00:99:99:99")
    assert address(other) != address(uefi)


def test_released_address_stays_with_its_machine(through):
    uefi = through.ask(solicit(arch(X64_UEFI)))
    through.ask(request_of(uefi))
    answer = through.ask(request_of(uefi, kind=DHCP6_Release))
    assert DHCP6_Reply in answer and answer[DHCP6OptStatusCode].statuscode == 0
    assert address(through.ask(solicit(client=uuid_duid(5)))) == address(uefi)


def test_declined_address_is_held_back(through):
    first = through.ask(solicit())
    through.ask(request_of(first))
    assert DHCP6_Reply in through.ask(request_of(first, kind=DHCP6_Decline))
    second = through.ask(solicit())
    assert address(second) and address(second) != address(first)


def test_host_gets_its_own_address(through):
    answer = through.ask(solicit(arch(X64_UEFI)), mac="52:54:00:00:00:d1")
    assert address(answer) == "2001:db8:1::d1"


def test_addresses_are_the_same_after_a_restart(site, bootd, through):
    before = address(through.ask(solicit()))
    bootd.stop()
    site.start_bootd(bootd.config)
    assert address(through.ask(solicit())) == before


def test_renew_rebind_and_confirm_after_a_restart(site, bootd, through):
    """bootd computes again what it has forgotten: no machine loses its address."""
    first = through.ask(solicit())
    through.ask(request_of(first))
    bootd.stop()
    site.start_bootd(bootd.config)
    for kind in (DHCP6_Renew, DHCP6_Rebind):
        answer = through.ask(request_of(first, kind=kind))
        assert address(answer) == address(first)
        assert answer[DHCP6OptIAAddress].validlft > 0
    assert through.ask(request_of(first, kind=DHCP6_Confirm))[DHCP6OptStatusCode].statuscode == 0


def test_information_request_gets_the_url(through):
    ask = options(DHCP6_InfoRequest(trid=7), DHCP6OptOptReq(reqopts=[23, 59]), user_class("iPXE"))
    answer = through.ask(ask)
    assert DHCP6_Reply in answer and DHCP6OptIA_NA not in answer
    assert url(answer).startswith("http://") and DHCP6OptDNSServers in answer


# --- relays --------------------------------------------------------------------------


def test_the_headers_of_all_relays_are_returned(through):
    inner = relay(solicit(), interface=b"port\0\xff1", link="::", hop=0)
    outer = relay(inner, mac="52:54:00:aa:aa:aa", interface=b"outer", hop=1, peer="2001:db8:1::2")
    through.send(outer)
    answer = through.receive()
    assert (answer.hopcount, answer.linkaddr, answer.peeraddr) == (1, LINK, "2001:db8:1::2")
    assert answer[DHCP6OptIfaceId].ifaceid == b"outer"
    nested = answer[DHCP6OptRelayMsg].message
    assert isinstance(nested, DHCP6_RelayReply) and nested.hopcount == 0
    assert (nested.linkaddr, nested.peeraddr) == ("::", link_local(MAC))
    assert nested[DHCP6OptIfaceId].ifaceid == b"port\0\xff1"
    two = nested[DHCP6OptRelayMsg].message
    # The inner relay's option 79 counts, the outer one's does not.
    assert address(two) == address(through.ask(solicit()))


def test_relay_may_send_from_any_port(site, bootd):
    """RFC 8357: the answer goes where the request came from, the option comes back."""
    some_port = Relay(site, 10547)
    layer = relay(solicit(arch(X64_UEFI)), interface=b"x")
    layer = DHCP6_RelayForward(bytes(layer) + bytes.fromhex("008700020000"))
    some_port.send(layer)
    answer = bytes(some_port.receive())
    assert bytes.fromhex("008700020000") in answer


def test_without_relay_port_answers_go_to_547(site, bootd):
    sender, listener = Relay(site, 12345), Relay(site, 547)
    sender.send(relay(solicit()))
    assert DHCP6_Advertise in listener.receive()[DHCP6OptRelayMsg].message


def test_unanswered(through):
    elsewhere = DHCP6OptServerId(duid=DUID_LL(lladdr="02:00:00:00:00:99"))
    bad = {
        "from a subnet that is not ours": relay(solicit(), link="2001:db8:77::1"),
        "without a link-address": relay(solicit(), link="::"),
        "Solicit with a Server Identifier": relay(solicit(elsewhere)),
        "for another server": relay(options(DHCP6_Request(), duid(), elsewhere, ia_na())),
        "Request without a Server Identifier": relay(options(DHCP6_Request(), duid(), ia_na())),
        "Solicit without a Client Identifier": relay(options(DHCP6_Solicit(), ia_na())),
        "a Reply": relay(options(DHCP6_Reply(), duid())),
        "an unknown type": relay(DHCP6OptUnknown(bytes.fromhex("63000001"))),
        "Information-request with an IA": relay(options(DHCP6_InfoRequest(), duid(), ia_na())),
        "a cut option": bytes(relay(solicit()))[:-3],
        "an empty datagram": b"",
        "a Relay-reply": DHCP6_RelayReply(bytes(relay(solicit()))[0:0] + b"\x0d" + bytes(33)),
        "straight from a client, by unicast": solicit(),
    }
    for what, datagram in bad.items():
        print(what)
        through.hears_nothing(datagram)


# --- clients on bootd's own link -----------------------------------------------------


@pytest.fixture
def direct(site):
    """A client's wire on a link of bootd's own, 2001:db8:1::/64."""
    site.lab.veth(site.server, "lan", site.clients, "own")
    site.server.address("lan", "2001:db8:1::69/64")
    sock = site.lab.directory / "bootd.sock"
    text = CONF.format(root=site.lab.directory, control=sock, state=site.lab.directory)
    bootd = site.start_bootd('listen = {"!lax", "la*"}\n' + text)
    wait_for(lambda: site.server.joined("lan"), what="bootd joins ff02::1:2")
    wire = site.clients.wire("own")
    wire.bootd, wire.site = bootd, site
    return wire


def frame(wire, message, to="ff02::1:2", sport=546, mac=None, source=None):
    group = "33:33:00:01:00:02" if to.startswith("ff") else wire.site.server.mac("lan")
    layers = IPv6(src=source or link_local(wire.mac), dst=to) / UDP(sport=sport, dport=547)
    return Ether(src=mac or wire.mac, dst=group) / layers / message


def from_server(packet):
    return IPv6 in packet and UDP in packet and packet[UDP].sport == 547


def test_direct_client(direct):
    """The answer goes to port 546, wherever the request came from."""
    for sport in (546, 40000):
        direct.drain()
        direct.send(frame(direct, solicit(arch(X64_UEFI)), sport=sport))
        answer = direct.expect(from_server)
        assert answer[IPv6].dst == link_local(direct.mac) and answer[UDP].dport == 546
        assert ip_address(address(answer)) in SUBNET
        assert "tftp://" in url(answer[DHCP6_Advertise])


OWN_DUID = DHCP6OptClientId(duid=DUID_EN(enterprisenum=43793, id=b"12345678"))
LYING_DUID = duid("52:54:00:99:99:99")


@pytest.mark.parametrize(
    "client, source",
    [(OWN_DUID, "fe80::1234:5678:9abc:def0"), (LYING_DUID, link_local("52:54:00:88:88:88"))],
    ids=["tells-none", "tells-others"],
)
def test_direct_client_is_known_by_its_frame(direct, client, source):
    """Neither its address nor its DUID tells the MAC, or each tells another one."""
    mac = "52:54:00:00:0f:01"
    direct.send(frame(direct, solicit(client=client), mac=mac, source=source))
    ask = direct.site.ask
    leases = wait_for(lambda: ask("bootd", "leases")["leases"], what="bootd answers the Solicit")
    assert [(row["machine"], row["mac-from"]) for row in leases] == [(mac, "frame")]
    assert ask("bootd", "show", mac)["mac-from"] == "frame"
    assert ask("bootd", "explain", f"mac={mac}")["address"] == leases[0]["address"]
    # The same machine behind a relay that tells its MAC.
    behind = Relay(direct.site).ask(solicit(), mac=mac)
    assert address(behind) == leases[0]["address"]
    assert ask("bootd", "show", mac)["mac-from"] == "option-79"


def test_direct_client_is_answered_at_its_frames_mac(direct):
    """No Neighbor Discovery before the answer, so that no flood can fill that table."""
    mac = "52:54:00:00:0f:02"
    direct.drain()
    direct.send(frame(direct, solicit(), mac=mac, source="fe80::77"))
    answer = direct.expect(lambda packet: from_server(packet) or ICMPv6ND_NS in packet)
    server = direct.site.server
    assert ICMPv6ND_NS not in answer
    assert (answer.dst, answer.src) == (mac, server.mac("lan"))
    assert (answer[IPv6].src, answer[IPv6].dst) == (link_local(server.mac("lan")), "fe80::77")
    assert "fe80::77" not in server.ip("-6", "neigh", "show", "dev", "lan").stdout


def test_direct_client_is_answered_after_the_mtu_was_too_small_for_ipv6(direct):
    """The kernel drops the memberships of a link whose MTU falls below 1280."""
    server = direct.site.server
    server.ip("link", "set", "lan", "mtu", "1200")
    server.ip("link", "set", "lan", "mtu", "1500")
    server.address("lan", "2001:db8:1::69/64")
    wait_for(lambda: server.joined("lan"), what="bootd joins ff02::1:2 again")
    wait_for(lambda: server.has_address(link_local(server.mac("lan")), "lan"))
    direct.send(frame(direct, solicit(trid=8)))
    assert direct.expect(from_server)[DHCP6_Advertise].trid == 8


def test_another_node_repeats_the_message_of_a_direct_client(direct):
    """No answer, as whatever machine its EUI-64 or DUID would name; the next message gets one."""
    def dropped():
        return direct.site.ask("bootd", "status")["dhcp"]["dropped"].get("no-frame-mac", 0)

    os.kill(direct.bootd.pid, signal.SIGSTOP)
    direct.send(frame(direct, solicit(trid=7)))
    direct.send(frame(direct, solicit(trid=7), mac="02:00:5e:66:66:66"))
    os.kill(direct.bootd.pid, signal.SIGCONT)
    wait_for(lambda: dropped() == 2)
    direct.send(frame(direct, solicit(trid=7)))
    assert direct.expect(from_server)[DHCP6_Advertise].trid == 7
    assert dropped() == 2


def test_direct_unicast_is_discarded(direct):
    direct.send(frame(direct, solicit(trid=1), to="2001:db8:1::69"))
    direct.send(frame(direct, solicit(trid=2)))
    assert direct.expect(from_server)[DHCP6_Advertise].trid == 2


def test_link_that_appears_later_is_served(direct):
    site = direct.site
    site.lab.veth(site.server, "late", site.clients, "late")
    site.server.address("late", "2001:db8:1:2::69/64")
    site.server.ip("link", "set", "late", "down")
    site.server.ip("link", "set", "late", "name", "lad")
    site.server.ip("link", "set", "lad", "up")
    wait_for(lambda: site.server.joined("lad"), what="bootd joins ff02::1:2 on the new link")


def test_more_links_than_one_socket_can_join(direct):
    """The kernel limits a socket's memberships by its option memory; here to a handful."""
    site = direct.site
    try:
        site.server.sysctl("net.core.optmem_max", 600)
    except FileNotFoundError:
        pytest.skip("before Linux 6.8 the limit belongs to the whole host")
    for name in [f"la{n}" for n in range(16)]:
        site.lab.veth(site.server, name, site.clients, name)
        site.server.address(name, "2001:db8:1::70/64")
    for group in ("ff02::1:2", "ff05::1:3"):
        wait_for(lambda: all(site.server.joined(f"la{n}", group) for n in range(16)))
    last = site.clients.wire("la15")
    last.site = site
    wait_for(lambda: site.server.has_address(link_local(site.server.mac("la15")), "la15"))
    last.send(frame(last, solicit(trid=3)))
    assert last.expect(from_server)[DHCP6_Advertise].trid == 3


def test_an_excluded_link_is_not_served(direct):
    site = direct.site
    for name in ("lax", "lay"):
        site.lab.veth(site.server, name, site.clients, name)
    wait_for(lambda: site.server.joined("lay"))
    assert not site.server.joined("lax")
