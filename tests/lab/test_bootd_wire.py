# SPDX-License-Identifier: ISC
"""bootd on the wire beyond boots: what RFCs around DHCPv6 ask of a server.

Messages that scapy knows nothing of are made here from octets.
"""

import select
import socket

from scapy.layers.dhcp6 import (
    DHCP6_InfoRequest,
    DHCP6_RelayForward,
    DHCP6_Reply,
    DHCP6OptERPDomain,
    DHCP6OptOptReq,
    DHCP6OptRapidCommit,
    DHCP6OptRelayAgentERO,
    DHCP6OptRelayMsg,
    DHCP6OptRelaySuppliedOpt,
    DHCP6OptRemoteID,
)

from lab.boot_client import (
    CONF,
    LINK,
    MAC,
    Relay,
    address,
    code,
    control,
    duid,
    options,
    read_options,
    relay,
    request_of,
    solicit,
    url,
)
from lab.netns import link_local, run, wait_for
from lab.topology import CORE_ROUTER, SERVER, program

ADDR_REG_INFORM, ADDR_REG_REPLY = 36, 37
IAADDR = 5


def in6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def option(code, data):
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def lifetimes(preferred, valid):
    return preferred.to_bytes(4, "big") + valid.to_bytes(4, "big")


# --- address registration, RFC 9686 ---------------------------------------------------


def test_registered_address_is_its_machines(site, bootd):
    """A system tells of its own address, through relayd: what is fetched from it is known."""
    own, clients = "2001:db8:1::77", site.clients
    (bootd.root / "hello.txt").write_text("hello")
    site.start_relayd()
    clients.address("br-1", f"{own}/64")
    clients.route("default", "via", LINK)
    sock = clients.udp_socket(own, 546)
    sock.settimeout(5)
    iaaddr = option(IAADDR, in6(own) + lifetimes(1800, 3600))
    message = bytes((ADDR_REG_INFORM, 1, 2, 3)) + bytes(duid()) + iaaddr
    sock.sendto(message, ("ff02::1:2", 547, 0, clients.ifindex("br-1")))
    reply = sock.recv(2000)
    assert reply[:4] == bytes((ADDR_REG_REPLY, 1, 2, 3)) and iaaddr in reply
    mac = clients.mac("br-1")
    bootd.wait_for_line(f"{mac} .*Addr-reg-inform.*{own} registered for 3600 s")
    rows = control(bootd, "leases")["leases"]
    assert [(r["address"], r["machine"], r["state"]) for r in rows] == [(own, mac, "registered")]
    assert control(bootd, f"show {mac}")["registered"] == [own]
    assert clients.run("curl", "-gsS", f"http://[{SERVER}]/hello.txt").stdout == "hello"
    bootd.wait_for_line(f"{mac} HTTP /hello.txt done")
    argv = (program("netboot6/netboot6"), "--control", bootd.control, "boot", "leases")
    assert f"{own}" in run(*argv).stdout


# --- what clients and relays ask for ----------------------------------------------------


def start(site, settings=""):
    """bootd with these settings besides those of boot_client.py, and a relay before it."""
    control_socket = site.lab.directory / "bootd.sock"
    text = CONF.format(root=site.lab.directory, control=control_socket, state=site.lab.directory)
    text += 'subnet "2001:db8:2::/64" {}\n'
    site.bootd = site.start_bootd(settings + "\n" + text)
    return Relay(site)


def test_rapid_commit_where_it_is_configured(site):
    through = start(site, "rapid-commit = true")
    reply = through.ask(solicit(DHCP6OptRapidCommit()))
    assert DHCP6_Reply in reply and address(reply) and (14, b"") in read_options(bytes(reply))
    assert site.ask("bootd", "leases")["leases"][0]["state"] == "bound"


def test_timers_that_clients_ask_for(site):
    through = start(site, 'sol-max-rt = "2h"\ninf-max-rt = "3h"\ninformation-refresh = "4h"')
    ask = options(DHCP6_InfoRequest(trid=7), duid(), DHCP6OptOptReq(reqopts=[32, 82, 83]))
    said = dict(read_options(bytes(through.ask(ask))))
    hours = {code: int.from_bytes(said[code], "big") / 3600 for code in (32, 82, 83)}
    assert hours == {32: 4, 82: 2, 83: 3}


def test_relay_asks_for_echo_and_supplies_options(site):
    """RFC 4994: its own option comes back; RFC 6422: the client gets what the relay has."""
    through = start(site)
    supplied = DHCP6OptRelaySuppliedOpt(relaysupplied=[DHCP6OptERPDomain(erpdomain=["erp.example"])])
    ask = options(DHCP6_InfoRequest(trid=8), duid(), DHCP6OptOptReq(reqopts=[65]))
    layer = DHCP6_RelayForward(linkaddr=LINK, peeraddr=link_local(MAC))
    layer = layer / DHCP6OptRemoteID(enterprisenum=9, remoteid=b"port-7")
    layer = layer / DHCP6OptRelayAgentERO(reqopts=[37]) / supplied
    through.send(layer / DHCP6OptRelayMsg(message=ask))
    answer = through.receive()
    assert answer[DHCP6OptRemoteID].remoteid == b"port-7"
    domain = dict(read_options(bytes(answer[DHCP6OptRelayMsg].message)))[65]
    assert domain == b"\x03erp\x07example\0"


# --- which messages are read, and how many ----------------------------------------------------------


def test_only_trusted_relays(site):
    """By the address that the datagram comes from; the kernel of a router says which it may be."""
    other = "2001:db8:100::2"
    site.router.address("core", f"{other}/64")
    through = start(site, f'trusted-relays = {{"{CORE_ROUTER}/128"}}')
    stranger = site.router.udp_socket(other, 547)
    stranger.sendto(bytes(relay(solicit())), (SERVER, 547))
    assert address(through.ask(solicit()))
    assert site.ask("bootd", "status")["dhcp"]["dropped"]["untrusted-relay"] == 1
    assert not select.select([stranger], [], [], 0)[0]


def test_a_flood_costs_the_others_nothing(site):
    """One client, then one link with all its clients, sends far more than its share."""
    through = start(site, "client-rate = 5\nlink-rate = 20")

    def dropped():
        return site.ask("bootd", "status")["dhcp"]["dropped"]

    for _ in range(300):
        through.send(relay(solicit(), peer="fe80::bad"))
    through.send(relay(solicit(trid=0x777777), peer="fe80::600d"))
    wait_for(lambda: dropped()["client-rate"] > 200, what="the noisy client's share is used up")
    answered = [through.receive()]
    while answered[-1].peeraddr != "fe80::600d":
        answered.append(through.receive())
    assert len(answered) < 100
    for number in range(300):
        through.send(relay(solicit(), peer=f"fe80::bad:{number:x}"))
    through.send(relay(solicit(), link="2001:db8:2::1", peer="fe80::2:600d"))
    while through.receive().linkaddr != "2001:db8:2::1":
        pass
    assert dropped()["link-rate"] > 100


# --- Leasequery, RFC 5007 and RFC 5460 ------------------------------------------------------

LEASEQUERY, LEASEQUERY_REPLY, LEASEQUERY_DONE, LEASEQUERY_DATA = 14, 15, 16, 17
REMOTE_ID = b"\0\0\0\x09port-7"
ALLOWED = 'leasequery = {"2001:db8:100::/64"}'


def query(kind, link="::", *by, xid=b"\1\2\3"):
    asked = option(44, bytes([kind]) + in6(link) + b"".join(by))
    return bytes([LEASEQUERY]) + xid + bytes(duid("02:00:00:00:00:01")) + asked


def bind_machines(through, count):
    """So many machines with an address each, at one port of a switch; their addresses."""
    addresses = []
    for number in range(count):
        mac = f"52:54:00:01:00:{number:02x}"
        client = duid(mac)
        layer = relay(request_of(through.ask(solicit(client=client), mac=mac)), mac=mac)
        head = DHCP6_RelayForward(hopcount=0, linkaddr=layer.linkaddr, peeraddr=layer.peeraddr)
        remote = DHCP6OptRemoteID(enterprisenum=9, remoteid=b"port-7")
        through.send(head / remote / layer.payload)
        addresses.append(address(through.receive()[DHCP6OptRelayMsg].message))
    return addresses


def inner_options(data):
    return read_options(bytes(4) + data)


def test_leasequery_by_address(site):
    through = start(site, ALLOWED)
    (bound,) = bind_machines(through, 1)
    asker = site.router.udp_socket(CORE_ROUTER, 10547)
    asker.settimeout(5)
    asker.sendto(query(1, "::", option(5, in6(bound) + bytes(8))), (SERVER, 547))
    reply = asker.recv(2000)
    assert reply[:4] == bytes([LEASEQUERY_REPLY, 1, 2, 3])
    client = inner_options(dict(read_options(reply))[45])
    assert [code for code, _ in client] == [1, IAADDR, 46]
    assert dict(client)[1] == bytes(duid("52:54:00:01:00:00"))[4:]
    assert dict(client)[IAADDR][:16] == in6(bound)


def test_leasequery_of_an_unknown_requestor(site):
    through = start(site)
    (bound,) = bind_machines(through, 1)
    through.socket.sendto(query(1, "::", option(5, in6(bound) + bytes(8))), (SERVER, 547))
    said = dict(read_options(through.socket.recv(2000)))
    assert said[13][:2] == b"\0\x0a" and 45 not in said
    assert not site.server.listens("tcp", 547)


def connect(site):
    with site.router.entered():
        sock = socket.create_connection((SERVER, 547), timeout=5)
    return sock


def frame(message):
    return len(message).to_bytes(2, "big") + message


def frames(sock, count):
    """So many messages of a stream."""
    stream, found = sock.makefile("rb"), []
    while len(found) < count:
        length = int.from_bytes(stream.read(2), "big")
        found.append(stream.read(length))
    return found


def test_bulk_leasequery(site):
    """By remote-id: who is at this port? Two queries in a row, each answered to its end."""
    through = start(site, ALLOWED)
    bound = bind_machines(through, 20)
    with connect(site) as sock:
        by = option(37, REMOTE_ID)
        sock.sendall(frame(query(5, "::", by)) + frame(query(4, LINK, xid=b"\1\2\4")))
        told = frames(sock, 42)
    for at, xid in ((0, 3), (21, 4)):
        answer = told[at : at + 21]
        kinds = [LEASEQUERY_REPLY] + [LEASEQUERY_DATA] * 19 + [LEASEQUERY_DONE]
        assert [message[0] for message in answer] == kinds
        assert all(message[3] == xid for message in answer)
        clients = [inner_options(dict(read_options(message))[45]) for message in answer[:-1]]
        assert {dict(client)[IAADDR][:16] for client in clients} == {in6(a) for a in bound}
    counters = site.ask("bootd", "status")["dhcp"]["bulk-leasequery"]
    assert (counters["queries"], counters["clients"]) == (2, 40)
    shown = site.ask("bootd", "metrics")["metrics"]
    assert "netboot6_boot_bulk_leasequery_clients_total 40\n" in shown


def test_bulk_leasequery_is_bounded(site):
    """Ten connections, for queries only, of those who may ask."""
    start(site, ALLOWED)

    def counters():
        return site.ask("bootd", "status")["dhcp"]["bulk-leasequery"]

    crowd = [connect(site) for _ in range(10)]
    wait_for(lambda: counters()["connections"] == 10, what="ten connections")
    with connect(site) as sock:
        assert sock.recv(1) == b""
    crowd[0].sendall(frame(bytes(solicit())))
    assert crowd[0].recv(1) == b""
    for sock in crowd:
        sock.close()
    wait_for(lambda: counters()["connections"] == 0, what="they are gone")
    site.router.address("core", "2001:db8:f00::1/64")
    site.server.route("2001:db8:f00::/64", "via", CORE_ROUTER)
    with site.router.entered():
        stranger = socket.create_connection((SERVER, 547), 5, ("2001:db8:f00::1", 0))
    assert stranger.recv(1) == b""
    assert (counters()["refused"], counters()["broken"]) == (2, 1)


def test_an_unknown_architecture_is_logged_once(site):
    """With its number, which a rule can name; each machine once."""
    through = start(site, 'boot "new" { arch = {99} url = "tftp://[2001:db8:100::69]/new.efi" }')
    new = code(61, b"\0\x63")
    for mac in (MAC, MAC, "52:54:00:00:00:99", MAC):
        assert url(through.ask(solicit(new), mac=mac)).endswith("/new.efi")
    through.ask(solicit(code(61, b"\0\7")), mac="52:54:00:00:00:07")
    site.bootd.wait_for_line("52:54:00:00:00:07 x64-uefi")
    lines = [line for line in site.bootd.text().splitlines() if "unknown architecture" in line]
    assert len(lines) == 2
    assert f"{MAC}: unknown architecture 99" in lines[0] and "00:99: unknown architecture 99" in lines[1]
