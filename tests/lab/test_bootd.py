# SPDX-License-Identifier: ISC
"""netboot6-bootd as relays and clients see it; scapy is the other codec.

A test is a relay (a socket on the router) or a client on bootd's own link
(frames); what it sends and what comes back is made and read with scapy.
"""

import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from ipaddress import ip_address, ip_network

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
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptDNSServers,
    DHCP6OptElapsedTime,
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
    DUID_UUID,
)
from scapy.layers.inet6 import IPv6
from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether
from scapy.packet import raw

from lab.netns import link_local, run, wait_for
from lab.topology import CORE_ROUTER, SERVER, program

MAC = "52:54:00:12:34:56"
CAPTURES = Path(__file__).parents[1] / "data/captures"
SUBNET = ip_network("2001:db8:1::/64")
LINK = "2001:db8:1::1"
X64_UEFI, X64_HTTP = 7, 16

CONF = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
dns = {{"2001:db8::53"}}
control = "{control}"
key = "a key for the laboratory"
server-duid-file = "{state}/bootd.duid"

subnet "2001:db8:1::/64" {{}}

host "db1" {{ mac = "52:54:00:00:00:d1"  address = "2001:db8:1::d1"  set = {{"profile=db"}} }}

boot "ipxe" {{ user-class = "iPXE"  url = "http://[2001:db8:100::69]/boot.ipxe?mac=${{mac}}" }}
boot "http" {{ arch = {{x64-http}}  url = "http://[2001:db8:100::69]/uki.efi" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[2001:db8:100::69]/snponly.efi" }}
"""


UEFI = 'boot "uefi" { arch = {x64-uefi}  url = "tftp://[2001:db8:100::69]/snponly.efi" }\n'


# --- messages -------------------------------------------------------------------


def code(number, data):
    return DHCP6OptUnknown(optcode=number, optlen=len(data), data=data)


def arch(number):
    return code(61, number.to_bytes(2, "big"))


def user_class(text):
    return code(15, len(text).to_bytes(2, "big") + text.encode())


def duid(mac=MAC):
    return DHCP6OptClientId(duid=DUID_LL(lladdr=mac))


def uuid_duid(last=0):
    return DHCP6OptClientId(duid=DUID_UUID(uuid=bytes(15) + bytes([1 + last])))


def ia_na(iaid=1, addresses=()):
    inner = [DHCP6OptIAAddress(addr=a, preflft=0, validlft=0) for a in addresses]
    return DHCP6OptIA_NA(iaid=iaid, T1=0, T2=0, ianaopts=inner)


def options(*parts):
    message = parts[0]
    for part in parts[1:]:
        message = message / part
    return message


def solicit(*more, client=None, iaid=1, trid=0x112233):
    ask = DHCP6OptOptReq(reqopts=[59, 60, 23, 16])
    head = (DHCP6_Solicit(trid=trid), client or duid(), DHCP6OptElapsedTime(), ia_na(iaid), ask)
    return options(*head, *more)


def relay(message, mac=MAC, link=LINK, interface=b"vlan100", hop=0, peer=None):
    layer = DHCP6_RelayForward(hopcount=hop, linkaddr=link, peeraddr=peer or link_local(MAC))
    if interface:
        layer = layer / DHCP6OptIfaceId(ifaceid=interface)
    if mac:
        layer = layer / DHCP6OptClientLinkLayerAddr(lltype=1, clladdr=mac)
    return layer / DHCP6OptRelayMsg(message=message)


def read_options(octets):
    """[(code, data)] of a plain message, without the help of any codec."""
    found, at = [], 4
    while at < len(octets):
        number, length = (int.from_bytes(octets[at + i : at + i + 2], "big") for i in (0, 2))
        found.append((number, octets[at + 4 : at + 4 + length]))
        at += 4 + length
    assert at == len(octets)
    return found


def url(message):
    return dict(read_options(bytes(message))).get(59, b"").decode()


def address(message):
    return message[DHCP6OptIAAddress].addr if DHCP6OptIAAddress in message else None


# --- the other side ----------------------------------------------------------------


class Relay:
    """A socket that relays; what it says back is the unwrapped answer."""

    def __init__(self, site, port=547):
        self.socket = site.router.udp_socket(CORE_ROUTER, port)
        self.socket.settimeout(5)

    def send(self, datagram):
        self.socket.sendto(bytes(datagram), (SERVER, 547))

    def receive(self):
        data, sender = self.socket.recvfrom(65535)
        assert sender[0] == SERVER
        return DHCP6_RelayReply(data)

    def ask(self, message, **how):
        """Through one relay and back: the client's answer."""
        self.send(relay(message, **how))
        reply = self.receive()
        assert reply.peeraddr == (how.get("peer") or link_local(MAC))
        return reply[DHCP6OptRelayMsg].message

    def hears_nothing(self, datagram):
        """Not an answer to this, but to the Solicit behind it: so nothing came."""
        self.send(datagram)
        answer = self.ask(solicit(trid=0xABCDEF))
        assert answer.trid == 0xABCDEF


@pytest.fixture
def bootd(site):
    """bootd with CONF; it has .control, a path, and .config."""
    root = site.lab.directory / "root"
    root.mkdir()
    (root / "boot.ipxe").write_text("#!ipxe\necho ${mac} ${host} ${profile} ${net0/ip}\n")
    control = site.lab.directory / "bootd.sock"
    text = CONF.format(root=root, control=control, state=site.lab.directory)
    daemon = site.start_bootd(text, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
    daemon.control, daemon.config, daemon.root = control, text, root
    return daemon


@pytest.fixture
def through(site, bootd):
    return Relay(site)


def control(bootd, request):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(bootd.control))
        sock.sendall(request.encode() + b"\n")
        return json.loads(sock.makefile().readline())


def request_of(advertise, *more, kind=DHCP6_Request, iaid=1):
    server = DHCP6OptServerId(duid=advertise[DHCP6OptServerId].duid)
    client = DHCP6OptClientId(duid=advertise[DHCP6OptClientId].duid)
    parts = [kind(trid=0x445566), client]
    if kind not in (DHCP6_Rebind, DHCP6_Confirm):
        parts.append(server)
    parts += [ia_na(iaid, [address(advertise)]), DHCP6OptOptReq(reqopts=[59, 23])]
    return options(*parts, *more)


# --- relayed clients -----------------------------------------------------------------


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


def test_released_address_stays_with_the_machine(through):
    uefi = through.ask(solicit(arch(X64_UEFI)))
    through.ask(request_of(uefi))
    answer = through.ask(request_of(uefi, kind=DHCP6_Release))
    assert DHCP6_Reply in answer and answer[DHCP6OptStatusCode].statuscode == 0
    assert address(through.ask(solicit(client=uuid_duid(5)))) == address(uefi)


def test_declined_address_rests(through):
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
    """What bootd has forgotten it computes anew: nobody loses an address."""
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


def test_relays_are_mirrored(through):
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


# --- clients on bootd's own link ------------------------------------------------------


@pytest.fixture
def direct(site):
    """A client's wire on a link of bootd's own, 2001:db8:1::/64."""
    site.lab.veth(site.server, "lan", site.clients, "own")
    site.server.address("lan", "2001:db8:1::69/64")
    sock = site.lab.directory / "bootd.sock"
    text = CONF.format(root=site.lab.directory, control=sock, state=site.lab.directory)
    bootd = site.start_bootd('listen = {"la*"}\n' + text)
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


def test_direct_unicast_is_discarded(direct):
    direct.send(frame(direct, solicit(trid=1), to="2001:db8:1::69"))
    direct.send(frame(direct, solicit(trid=2)))
    assert direct.expect(from_server)[DHCP6_Advertise].trid == 2


def test_link_that_comes_later_is_served(direct):
    site = direct.site
    site.lab.veth(site.server, "late", site.clients, "late")
    site.server.address("late", "2001:db8:1:2::69/64")
    site.server.ip("link", "set", "late", "down")
    site.server.ip("link", "set", "late", "name", "lad")
    site.server.ip("link", "set", "lad", "up")
    wait_for(lambda: site.server.joined("lad"), what="bootd joins ff02::1:2 on the new link")


# --- files, scripts, control ------------------------------------------------------------


def fetch(site, path):
    return site.router.run("curl", "-sSg", f"http://[{SERVER}]{path}").stdout


def test_script_is_rendered_for_the_host(site, bootd, through):
    script = fetch(site, "/boot.ipxe?mac=52:54:00:00:00:d1")
    assert "echo 52:54:00:00:00:d1 db1 db ${net0/ip}" in script
    assert "${host}" in fetch(site, "/boot.ipxe?mac=52:54:00:00:00:99")


def test_script_is_rendered_for_the_port(site, bootd, through):
    """What is plugged into it is this host, also when it fetches files later, which say no port."""
    host = 'host "slot3" { interface-id = "vlan100" group = "rack" }\ngroup "rack" { set = {"profile=rack"} }\n'
    site.lab.file("bootd.conf", bootd.config + host)
    assert control(bootd, "reload")["reloaded"]
    through.ask(solicit(arch(X64_UEFI)))
    assert f"echo {MAC} slot3 rack " in fetch(site, f"/boot.ipxe?mac={MAC}")
    shown = control(bootd, f"explain mac={MAC} arch=x64-uefi interface-id=vlan100")
    assert (shown["host"], shown["host-by"], shown["groups"]) == ("slot3", "port", ["rack"])


def test_the_story_of_a_boot(site, bootd, through):
    advertise = through.ask(solicit(arch(X64_UEFI)))
    through.ask(request_of(advertise, arch(X64_UEFI)))
    bootd.wait_for_line(rf'{MAC} x64-uefi Solicit on {SUBNET} via relay {LINK} "vlan100" -> ')
    through.ask(solicit(arch(X64_UEFI), user_class("iPXE")))
    through.ask(request_of(advertise, arch(X64_UEFI), user_class("iPXE")))
    assert "noted" in fetch(site, f"/netboot6/booted?mac={MAC}")
    bootd.wait_for_line(rf"{MAC}.*booted")
    shown = control(bootd, f"show {MAC}")
    assert shown["stage"] == "booted" and shown["address"] == address(advertise)
    steps = [step["step"] for step in shown["steps"]]
    assert steps[0] == "x64-uefi Solicit" and steps[-1] == "booted"
    assert "iPXE x64-uefi Request" in steps
    assert [row["machine"] for row in control(bootd, "list")["boots"]] == [MAC]
    leases = control(bootd, "leases")["leases"]
    assert [(row["machine"], row["state"]) for row in leases] == [(MAC, "bound")]


def test_watch_tells_each_step(site, bootd, through):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(bootd.control))
        sock.sendall(b"watch\n")
        lines = sock.makefile()
        wait_for(lambda: through.ask(solicit(arch(X64_UEFI))) and _has_line(sock), what="an event")
        for line in lines:
            event = json.loads(line)
            if event.get("machine") == MAC:
                break
        assert event["event"]["step"] == "x64-uefi Solicit"


def _has_line(sock):
    sock.setblocking(False)
    try:
        return b'"machine"' in sock.recv(65535, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(5)


def test_explain_says_which_rule(bootd):
    shown = control(bootd, "explain mac=52:54:00:00:00:d1 arch=x64-uefi subnet=2001:db8:1::/64")
    assert (shown["host"], shown["rule"]) == ("db1", "uefi")
    assert shown["url"] == "tftp://[2001:db8:100::69]/snponly.efi"
    unmet = {row["rule"]: row["unmet"] for row in shown["rules"]}
    assert unmet == {"ipxe": "user-class", "http": "arch", "uefi": None}
    assert "error" in control(bootd, "explain arch=nonsense")
    assert control(bootd, "explain subnet=2001:db8:77::/64")["subnet"] is None


def test_explain_of_captured_clients(bootd):
    """Real firmware, as relays sent it and as it was on its own link; asked about by packet."""
    command = [program("netboot6/netboot6"), "--control", bootd.control, "--json", "boot", "explain"]

    def explain(*words):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    relayed = explain("--capture", CAPTURES / "ovmf-2022.11-chain-ipxe-2019-server.pcap")
    asked = [(one["client"]["message"], one["firmware"], one["rule"]) for one in relayed]
    assert ("Solicit", "x64-uefi", "uefi") in asked
    assert ("Request", "iPXE x64-uefi", "ipxe") in asked
    assert all(one["client"]["mac"] == MAC and one["client"]["relays"] == 1 for one in relayed)
    assert len({one["address"] for one in relayed}) == 1  # one machine, whatever it calls itself
    first = next(one for one in relayed if one["rule"] == "uefi")
    assert [rule["unmet"] for rule in first["rules"]] == ["user-class", "arch", None]
    assert "only tftp://" in first["firmware-note"]
    assert explain("--capture", CAPTURES / "ovmf-2022.11-chain-ipxe-2019-server.pcap", "--packet",
                   str(first["packet"])) == [first]
    own_link = explain("--capture", CAPTURES / "ovmf-2022.11-http6-ia_na.pcap", "--subnet", "2001:db8:1::/64")
    assert {one["client"]["mac-from"] for one in own_link} == {"frame"}
    assert "http" in {one["rule"] for one in own_link}
    grub = explain("--capture", CAPTURES / "ovmf-2022.11-chain-grub-2.06-server.pcap")
    assert any("as GRUB asks" in (one["firmware-note"] or "") for one in grub)
    (one,) = explain("--message", raw(relay(solicit(arch(X64_HTTP)))).hex())
    assert (one["rule"], one["client"]["interface-id"]) == ("http", "vlan100")
    for words, said in (
        (("--capture", "/dev/null"), "expected a capture"),
        (("--capture", CAPTURES / "ovmf-2022.11-http6-ia_na.pcap", "--packet", "1"), "no DHCPv6 request"),
        (("--message", "0c00"), "a relay's header"),
        (("--message", "xy"), "with a value that fits"),
    ):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and said in done.stderr


def test_operators_command(bootd, through):
    """netboot6 boot ...: the same answers as tables, for people."""
    through.ask(solicit(arch(X64_UEFI)))

    def shown(*words):
        argv = (program("netboot6/netboot6"), "--control", bootd.control, "boot", *words)
        return run(*argv).stdout

    assert re.search(rf"{MAC} +option-79 +- +2001:db8:1:\S+ +firmware asks +\ds +1 +x64-uefi Sol", shown("list"))
    assert re.search(rf"2001:db8:1:\S+ +{MAC} +option-79 +offered", shown("leases"))
    assert re.search(r"db1 +52:54:00:00:00:d1 +- +- +2001:db8:1::d1", shown("hosts"))
    assert "step: x64-uefi Solicit" in shown("show", MAC)
    explained = shown("explain", "--mac", MAC, "--arch", "x64-uefi", "--arch", "11")
    assert "url: tftp://" in explained and "  archs: x64-uefi, arm64-uefi\n" in explained
    assert "Solicit: 1" in shown("status")


def test_mac_that_is_only_a_hint_is_said_once(bootd, through):
    """Firmware by a relay without option 79, then by one with it: one machine, one address."""
    hinted = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(1)), mac=None)
    through.ask(request_of(hinted, arch(X64_UEFI)), mac=None)
    assert control(bootd, f"show {MAC}")["mac-from"] == "eui-64-hint"
    assert [row["mac-from"] for row in control(bootd, "leases")["leases"]] == ["eui-64-hint"]
    bootd.wait_for_line(f"{MAC}: its MAC is only a hint, read from its link-local address")
    proven = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(2)))
    assert address(proven) == address(hinted)
    assert [row["mac-from"] for row in control(bootd, "list")["boots"]] == ["option-79"]
    assert bootd.text().count("only a hint") == 1


def test_status_counts(bootd, through):
    through.ask(solicit())
    through.hears_nothing(relay(solicit(), link="2001:db8:77::1"))
    dhcp = control(bootd, "status")["dhcp"]
    assert dhcp["received"]["Solicit"] == 3 and dhcp["sent"]["Advertise"] == 2
    assert dhcp["dropped"]["no-subnet"] == 1


def test_reload_swaps_or_leaves(site, bootd, through):
    site.lab.file("bootd.conf", bootd.config.replace("snponly.efi", "other.efi"))
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("taken over")
    assert url(through.ask(solicit(arch(X64_UEFI)))).endswith("/other.efi")
    site.lab.file("bootd.conf", "subnet nonsense {}")
    answer = control(bootd, "reload")
    assert "bootd.conf:1:" in answer["error"]
    assert url(through.ask(solicit(arch(X64_UEFI)))).endswith("/other.efi")


def test_host_files_take_effect_at_once(site):
    """Also without privileges. What is wrong is told with its line, and changes nothing."""
    hosts = site.lab.directory / "hosts.d"
    hosts.mkdir()
    hosts.chmod(0o755)
    text = CONF.format(root=site.lab.directory, control=site.lab.directory / "bootd.sock", state=site.lab.directory)
    text = f'user = "nobody"\nhosts-directory = "{hosts}"\ngroup "web" {{ set = {{"image=web"}} }}\n' + text
    text += 'boot "web" { group = "web" url = "tftp://[2001:db8:100::69]/${image}/${host}.efi" }\n'
    text = text.replace(UEFI, "") + UEFI
    bootd = site.start_bootd(text)
    bootd.control = site.lab.directory / "bootd.sock"
    bootd.wait_for_line("ready: ")
    through = Relay(site)

    def put(name, content):
        whole = hosts / f".{name}"
        whole.write_text(content)
        whole.chmod(0o644)
        whole.rename(hosts / name)

    def offer():
        message = through.ask(solicit(arch(X64_UEFI)))
        return address(message), url(message)

    def shown():
        return control(bootd, "status")["hosts-directory"]

    before = offer()
    assert before[1].endswith("/snponly.efi")
    put("w1.conf", f'host "w1" {{ mac = "{MAC}" address = "2001:db8:1::77" group = "web" }}\n')
    bootd.wait_for_line("1 files taken over")
    assert offer() == ("2001:db8:1::77", "tftp://[2001:db8:100::69]/web/w1.efi")
    put("w1.conf", f'host "w1" {{\n  mac = "{MAC}"\n  address = "none"\n}}\n')
    bootd.wait_for_line(f'error: {hosts}/w1.conf:3: address = "none"')
    assert offer()[0] == "2001:db8:1::77"
    assert [text.split(": ")[0] for text in shown()["refused"]] == [f"{hosts}/w1.conf:3"]
    put("w2.conf", f'host "w2" {{ mac = "{MAC}" }}\n')
    bootd.wait_for_line(f"error: {hosts}/w2.conf:1: ")
    assert offer()[0] == "2001:db8:1::77"
    (hosts / "w1.conf").unlink()
    bootd.wait_for_line("2 files taken over, 1 of them gone")
    assert control(bootd, f"explain mac={MAC} arch=x64-uefi")["host"] == "w2"
    assert shown() == {"path": str(hosts), "files": 1, "hosts": 1, "refused": []}
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("bootd.conf: taken over")
    site.lab.file("bootd.conf", text.replace(str(hosts), "/nonexistent"))
    assert "/nonexistent" in control(bootd, "reload")["error"]
    assert control(bootd, f"explain mac={MAC} arch=x64-uefi")["host"] == "w2"


def test_check_reads_host_files(tmp_path):
    hosts = tmp_path / "hosts.d"
    hosts.mkdir()
    (hosts / "a.conf").write_text('\nhost "a" {}\n')
    done = bootd_t(tmp_path, f'subnet "2001:db8::/64" {{}}\nhosts-directory = "{hosts}"\n')
    assert done[0] == 78
    assert f"{hosts}/a.conf:2: host" in done[1]
    (hosts / "a.conf").write_text('host "a" { mac = "52:54:00:12:34:56" }\n')
    text = (tmp_path / "bootd.conf").read_text()
    assert bootd_t(tmp_path, text)[0] == 0
    rc, said = bootd_t(tmp_path, text.replace("hosts.d", "host.d"))
    assert rc == 0 and "host.d: No such file or directory" in said


def test_keeps_working_as_nobody(site):
    """Privileges are given up; what reload and new links need is still there."""
    key, duid = site.lab.directory / "state/bootd.key", site.lab.directory / "bootd.duid"
    text = CONF.format(root=site.lab.directory, control="", state=site.lab.directory)
    text = text.replace('key = "a key for the laboratory"', f'key-file = "{key}"')
    bootd = site.start_bootd('user = "nobody"\nlisten = {"lan"}\n' + text)
    bootd.wait_for_line("ready: ")
    wait_for(lambda: status_of(bootd)["Uid"].split()[0] == "65534", what="it becomes nobody")
    assert int(status_of(bootd)["CapEff"], 16) == 0
    assert (key.stat().st_mode & 0o777, key.stat().st_size) == (0o600, 32)
    assert duid.stat().st_size == 18
    through = Relay(site)
    before = address(through.ask(solicit()))
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("taken over")
    site.lab.veth(site.server, "lan", site.clients, "own")
    wait_for(lambda: site.server.joined("lan"), what="bootd joins ff02::1:2")
    assert address(through.ask(solicit(client=uuid_duid(9)))) == before
    bootd.stop()
    site.start_bootd(text)
    assert address(through.ask(solicit())) == before  # the same key was read again


def status_of(process):
    """/proc/PID/status; `ip netns exec` becomes the program, so its PID is the daemon's."""
    text = open(f"/proc/{process.pid}/status").read()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


# --- the command line -----------------------------------------------------------------------


def bootd_t(tmp_path, text):
    path = tmp_path / "bootd.conf"
    path.write_text(text)
    argv = [program("netboot6-bootd"), "-t", "-c", path]
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('subnet "2001:db8::1/64" {}', "expected a prefix"),
        ('subnet "2001:db8::/64" { addresses = pool }', "pool = \"FIRST-LAST\""),
        ('boot "x" { arch = {x64-uefi} url = "http://[2001:db8::1]/x.efi" }', "only tftp://"),
        ('boot "x" { arch = {x86-64} url = "tftp://[2001:db8::1]/x.efi" }', "an architecture"),
        ('host "x" { mac = "52:54" }', "a MAC address"),
        ('listen = {"eth0"', "never closed"),
        ('lifetime = "1s"', "between 1m and 365d"),
    ],
)
def test_bad_file_is_refused_with_its_line(tmp_path, line, said):
    status, text = bootd_t(tmp_path, f"# one\n\n{line}\n")
    assert status == 78 and re.search(said, text)
    assert re.search(r"bootd\.conf:[34]: ", text)


def test_good_file_passes(tmp_path):
    text = CONF.format(root=tmp_path, control="", state=tmp_path)
    assert bootd_t(tmp_path, text) == (0, "")
    assert os.listdir(tmp_path) == ["bootd.conf"]  # it makes nothing


@pytest.mark.parametrize(("what", "port"), [("dhcp", 547), ("tftp", 69)])
def test_who_has_the_port_is_named(site, what, port):
    site.server.udp_socket("::", port)
    directory = site.lab.directory
    (directory / "root").mkdir()
    text = CONF.format(root=directory / "root", control="", state=directory)
    path = site.lab.file("bootd.conf", text)
    done = site.server.run(program("netboot6-bootd"), "-f", "-c", path, check=False)
    assert done.returncode == 1
    assert re.search(rf"{what} \[::\]:{port}: the port is taken by \S+ \(process", done.stderr)
    assert f"(process {os.getpid()})" in done.stderr
