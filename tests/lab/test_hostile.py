# SPDX-License-Identifier: ISC
"""What nobody should send, in great numbers, from everywhere.

Datagrams are made from messages of real firmware (tests/data/corpus/dhcp6) by a
seeded generator. NB6_SEED repeats a run, NB6_HOSTILE says how many datagrams there
are in all. After them the daemon must be there, answer a good client, have no more
memory than it may, and have counted every one that the kernel gave it; the lab
looks for sanitizer reports when it closes.
"""

import contextlib
import json
import os
import random
import select
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_Request,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptServerId,
)
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6

from lab.bench import ALL_RELAYS, CLIENT, CLIENT_MAC, Bench
from lab.netns import wait_for
from lab.topology import CORE_ROUTER, SERVER, Site

SEED = int(os.environ.get("NB6_SEED") or random.SystemRandom().randrange(1 << 32))
HOSTILE = int(os.environ.get("NB6_HOSTILE", "100000"))
REQUESTS = 10000  # of TFTP and of HTTP each
BURST = 128  # datagrams, then the daemon has to catch up
CORPUS = Path(__file__).parents[1] / "data/corpus"
LINK = "2001:db8:1::1"
CANARY = "the canary that never sings"
ASKED = ("solicit", "request", "release", "decline", "information-request")
RELAY_FORW, RELAY_REPL = 12, 13
GROWTH_KIB = 32 * 1024
MAY_WAIT = 20000  # replies

CONF = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
dns = {{"2001:db8::53"}}
key = "a key for the laboratory"
server-duid = "{duid}"
subnet "2001:db8:1::/64" {{}}
boot "ipxe" {{ user-class = "iPXE"  url = "http://[{server}]/boot.ipxe?mac=${{mac}}" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[{server}]/snponly.efi" }}
"""


@pytest.fixture
def chance(request):
    """The test's own random numbers: the same whichever tests run before it."""
    print(f"NB6_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


def corpus(name, *kinds):
    """The files of a corpus, all or those whose name begins with one of `kinds`."""
    paths = sorted((CORPUS / name).iterdir())
    return [path.read_bytes() for path in paths if path.name.startswith(kinds or "")]


def dhcp6_seeds():
    """What firmware asks in every other place: that leads furthest into the daemons."""
    asked = corpus("dhcp6", *ASKED)
    rest = corpus("dhcp6")
    return asked * (len(rest) // len(asked)) + rest


def captured_server_duid():
    """The server that most captured Requests are for: bootd takes its place."""
    requests = map(DHCP6_Request, corpus("dhcp6", "request"))
    found = [bytes(request[DHCP6OptServerId].duid) for request in requests]
    return max(found, key=found.count)


# --- making it ----------------------------------------------------------------------


def flip_octets(chance, data):
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def cut(chance, data):
    del data[chance.randint(0, len(data)) :]


def cut_out(chance, data):
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 16)]


def insert(chance, data):
    at = chance.randint(0, len(data))
    data[at:at] = chance.randbytes(chance.randint(1, 32))


def lie_about_a_length(chance, data):
    """Any two octets may be a length."""
    if len(data) > 6:
        at = chance.randrange(4, len(data) - 1)
        data[at : at + 2] = chance.choice((0, 1, 2, 300, 0x7FFF, 0xFFFF)).to_bytes(2, "big")


def add_option(chance, data):
    length = chance.choice((0, 1, 4, 16, 40, 200))
    code = chance.choice((*range(1, 90), 135, 0xFFFF))
    data += option(code, chance.randbytes(length))


def repeat_itself(chance, data):
    data += data[4:] * chance.randint(1, 8)


def change_type(chance, data):
    if data:
        data[0] = chance.choice((*range(1, 37), 0, 255))


MUTATIONS = (
    flip_octets, cut, cut_out, insert, lie_about_a_length, add_option, repeat_itself, change_type,
)  # fmt: skip


def mutate(chance, seeds):
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2))):
        chance.choice(MUTATIONS)(chance, data)
    return bytes(data[:8000])


def option(code, data):
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def wrap(chance, message, kind=RELAY_FORW):
    """In a relay's envelope that is mostly right, or in many of them."""
    for hop in range(chance.choice((1, 1, 1, 2, 3, 8, 9, 33))):
        link = socket.inet_pton(socket.AF_INET6, chance.choice((LINK, LINK, LINK, "::", "2001:db8:77::1")))
        peer = b"\xfe\x80" + bytes(13) + chance.randbytes(1)
        envelope = bytes((kind, hop)) + link + peer
        if chance.random() < 0.5:
            name = chance.choice((b"lan1", b"lan1", b"lan9", b"", chance.randbytes(40)))
            envelope += option(18, name)
        if chance.random() < 0.5:
            envelope += option(79, b"\0\1\x52\x54\0\0\0" + chance.randbytes(1))
        message = envelope + option(9, message)
    return message


def hostile(chance, seeds, relayed=None):
    """One datagram; relayed: the type of the envelope that most have."""
    message = mutate(chance, seeds)
    if relayed and chance.random() < 0.9:
        message = wrap(chance, message, relayed)
        if chance.random() < 0.3:
            message = mutate(chance, [message])
    return message[:60000]


# --- sending it ---------------------------------------------------------------------


def resident_kib(process):
    rows = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS:"))


class Flood:
    """Sends bursts, each after the daemon has emptied its socket, so that none is lost."""

    def __init__(self, namespace, port=547):
        self.namespace = namespace
        self.port = port
        self.sent = 0

    def queued(self):
        rows = self.namespace.proc_net("udp6")[1:]
        return sum(
            int(row[4].split(":")[1], 16) for row in rows if int(row[1].split(":")[-1], 16) == self.port
        )

    def lost(self):
        """What the kernel had no room for."""
        rows = self.namespace.proc_net("udp6")[1:]
        return sum(int(row[-1]) for row in rows if int(row[1].split(":")[-1], 16) == self.port)

    def send(self, datagrams, send):
        for number, datagram in enumerate(datagrams):
            send(datagram)
            self.sent += 1
            if number % BURST == BURST - 1:
                self.wait()
        self.wait()

    def wait(self):
        wait_for(lambda: self.queued() == 0, 20, "the daemon reads what was sent to it")


def drain(sock):
    while select.select([sock], [], [], 0)[0]:
        sock.recv(65535)


def discarding(namespace, address, port, device=None):
    """A socket that answers may come to: they are not read, and the rest is thrown away."""
    sock = namespace.udp_socket(address, port, device=device)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return sock


# --- bootd: DHCPv6 ------------------------------------------------------------------


@pytest.fixture
def bootd(lab, site_without_captures):
    """bootd with a link of its own, files, and something beside the root that is secret."""
    site = site_without_captures
    site.lab.veth(site.server, "lan", site.clients, "own")
    site.server.address("lan", "2001:db8:1::69/64")
    root = lab.directory / "root"
    root.mkdir()
    (root / "hello.txt").write_text("hello")
    (root / "sub").mkdir()
    (lab.directory / "canary").write_text(CANARY)
    (root / "out").symlink_to("../canary")
    (root / "absolute").symlink_to(lab.directory / "canary")
    duid = captured_server_duid().hex(":")
    text = 'listen = {"lan"}\n' + CONF.format(root=root, server=SERVER, duid=duid)
    process = site.start_bootd(text, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
    wait_for(lambda: site.server.joined("lan"), what="bootd joins ff02::1:2")
    process.site, process.outside = site, lab.directory / "canary"
    return process


@pytest.fixture
def small_quarantine(monkeypatch):
    """AddressSanitizer keeps 256 MB of freed memory: the daemon's own would not be seen."""
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", f"quarantine_size_mb=4:{options}".rstrip(":"))


@pytest.fixture
def site_without_captures(lab, small_quarantine):
    return Site(lab)


def flood_bootd(bootd, chance, datagrams, send):
    """Send them all, the first third to fill tables; then nothing may grow any more."""
    flood = Flood(bootd.site.server)
    third = datagrams // 3
    seeds = dhcp6_seeds()
    relayed = RELAY_FORW if send.relayed else None
    flood.send((hostile(chance, seeds, relayed) for _ in range(third)), send)
    before = resident_kib(bootd)
    flood.send((hostile(chance, seeds, relayed) for _ in range(datagrams - third)), send)
    grown = resident_kib(bootd) - before
    print(f"{datagrams} datagrams, bootd: {before} KiB, {grown} more at the end")
    assert grown < GROWTH_KIB
    return flood


def assert_bootd_counted(bootd, flood):
    """Each was answered, dropped for a reason, or is not ours to serve."""
    dhcp = bootd.site.ask("bootd", "status")["dhcp"]
    assert dhcp["datagrams"] + flood.lost() == flood.sent
    ends = sum(dhcp["sent"].values()) + sum(dhcp["dropped"].values()) + dhcp["not-served"]
    assert ends == dhcp["datagrams"]
    assert len(dhcp["dropped"]) >= 5 and sum(dhcp["sent"].values()) > flood.sent / 20
    print(dhcp["sent"], dhcp["dropped"])


def good_solicit():
    """The first message of a real machine: UEFI PXE."""
    return next(m for m in corpus("dhcp6", "solicit") if option(61, b"\0\7") in m)


def test_bootd_behind_relays(bootd, chance):
    relay = discarding(bootd.site.router, CORE_ROUTER, 547)
    to = (SERVER, 547)

    def send(datagram):
        relay.sendto(datagram, to)

    send.relayed = True
    flood = flood_bootd(bootd, chance, HOSTILE * 40 // 100, send)
    assert_bootd_counted(bootd, flood)
    good = good_solicit()
    relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    drain(relay)
    link, peer = (socket.inet_pton(socket.AF_INET6, a) for a in (LINK, CLIENT))
    relay.sendto(bytes((RELAY_FORW, 0)) + link + peer + option(9, good), to)
    relay.settimeout(10)
    answer = relay.recv(65535)
    assert answer[0] == RELAY_REPL and b"\x02" + good[1:4] in answer and b"tftp://" in answer
    bootd.site.ask("bootd", "list")


def test_bootd_on_its_own_link(bootd, chance):
    clients = bootd.site.clients
    clients.address("own", "fe80::77/64")
    client = discarding(clients, "fe80::77", 546, device="own")
    to = (ALL_RELAYS, 547, 0, clients.ifindex("own"))

    def send(datagram):
        client.sendto(datagram, to)

    send.relayed = False
    flood = flood_bootd(bootd, chance, HOSTILE * 20 // 100, send)
    assert_bootd_counted(bootd, flood)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    drain(client)
    good = good_solicit()
    client.sendto(good, to)
    client.settimeout(10)
    answer = client.recv(65535)
    assert answer[:4] == b"\x02" + good[1:4]


# --- relayd ---------------------------------------------------------------------------


@pytest.fixture
def relay_site(site_without_captures):
    site = site_without_captures
    site.relayd = site.start_relayd()
    return site


def relayd_ends(site):
    """How many datagrams relayd says it passed on or dropped, and why it dropped."""
    counters = site.ask("relayd", "status")["counters"]
    passed = counters["forwarded"] + sum(counters["replied"].values())
    return passed + sum(counters["dropped"].values()), counters["dropped"]


def flood_relayd(site, chance, datagrams, envelope_type, send):
    flood = Flood(site.router)
    seeds = dhcp6_seeds()
    third = datagrams // 3
    flood.send((hostile(chance, seeds, envelope_type) for _ in range(third)), send)
    before = resident_kib(site.relayd)
    flood.send((hostile(chance, seeds, envelope_type) for _ in range(datagrams - third)), send)
    grown = resident_kib(site.relayd) - before
    print(f"{datagrams} datagrams, relayd: {before} KiB, {grown} more at the end")
    assert grown < GROWTH_KIB
    ended, dropped = relayd_ends(site)
    print(f"{ended} counted, {flood.lost()} lost by the kernel, {dropped}")
    # A server may name the relay itself as the peer: what came back to it is counted again.
    came_back = dropped.get("reply-from-client-link", 0) if envelope_type == RELAY_REPL else 0
    assert ended - came_back + flood.lost() == flood.sent
    assert len(dropped) >= 4
    # What is sent to clients that are not there waits for some seconds, and takes the room for
    # replies on their link: a longer flood fills it until the kernel has given them up.
    if flood.sent <= MAY_WAIT:
        assert dropped.get("send-failed", 0) < flood.sent / 100
    else:
        wait_for(lambda: "INCOMPLETE" not in site.router.ip("neigh", "show").stdout, 20)


def test_relayd_from_clients(relay_site, chance):
    site = relay_site
    bench = Bench(site)
    site.clients.address("br-1", "fe80::77/64")
    client = discarding(site.clients, "fe80::77", 546, device="br-1")
    to = (ALL_RELAYS, 547, 0, site.clients.ifindex("br-1"))

    def send(datagram):
        client.sendto(datagram, to)

    flood_relayd(site, chance, HOSTILE * 25 // 100, None, send)
    good_exchange(bench)


def test_relayd_from_servers(relay_site, chance):
    """Messages from the configured server's address that must not be relied on.

    Most replies are for clients that nobody is: while the kernel looks for those, the
    others' messages still go out.
    """
    site = relay_site
    bench = Bench(site)
    to = (CORE_ROUTER, 547)

    def send(datagram):
        bench.server.sendto(datagram, to)

    flood_relayd(site, chance, HOSTILE * 15 // 100, RELAY_REPL, send)
    good_exchange(bench)


def good_exchange(bench):
    """A client's message reaches the server, and the answer the client."""
    drain(bench.server)
    bench.wire.drain()
    message = bench.solicit()
    relayed = bench.expect_relayed(message)
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    neighbour = ("neigh", "replace", CLIENT, "lladdr", CLIENT_MAC, "dev", "lan1")
    bench.site.router.ip("-6", *neighbour)
    answer = DHCP6_Advertise(trid=message.trid)
    bench.send_reply(bench.reply(relayed, answer))
    bench.wire.expect(lambda p: UDP in p and p[IPv6].dst == CLIENT and bytes(answer) in bytes(p))


# --- files ----------------------------------------------------------------------------

UPWARDS = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%2E%2E%2F", "..%5c", "..\\", "%252e%252e%252f", "....//",
    "..;/", ".%00./", "..%00/", "%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "..%c0%af", "..%e2%88%95",
    "\uff0e\uff0e\uff0f", "%uff0e%uff0e/", "..//", "./../", ".//..//", "sub/../../", "sub/./../../",
    "/../", "//../", "\\\\..\\", "%2f..%2f", "..%0a/", "..%20/", "sub/%2e%2e/%2e%2e/", "~/", "$PWD/../",
)  # fmt: skip


def evil_names(chance, outside):
    """Ways to the canary and to /etc/passwd, and names that are merely too much."""
    names = ["out", "absolute", "/out", "./out", "sub/../out", "out/", "out%00.txt", "file://canary"]
    for target in ("canary", "etc/passwd", str(outside).lstrip("/"), "proc/self/root/etc/passwd"):
        names += [target, "/" + target, "//" + target]
        names += [up * depth + target for up in UPWARDS for depth in (1, 2, 5, 12)]
    names += ["x" * n for n in (255, 256, 1023, 1024, 1025, 8000)]
    names += ["a/" * n + "b" for n in (100, 2000)] + ["../" * 2000 + "etc/passwd"]
    names += [chance.randbytes(chance.randint(1, 40)).decode("latin-1") for _ in range(200)]
    return names


class Answers:
    """Everything that came back, searched for what must never be said."""

    def __init__(self):
        self.count = 0

    def take(self, data):
        self.count += 1
        assert CANARY.encode() not in data and b"root:x:" not in data, data[:200]


def test_tftp(bootd, chance):
    site = bootd.site
    names = [n.encode("utf-8", "surrogateescape") for n in evil_names(chance, bootd.outside)]
    seeds = corpus("tftp") + [b"\0\1" + n + b"\0octet\0tsize\x000\0" for n in names]
    clients = [site.router.udp_socket(CORE_ROUTER) for _ in range(8)]
    flood, seen = Flood(site.server, 69), Answers()

    def listen():
        for client in clients:
            while select.select([client], [], [], 0)[0]:
                seen.take(client.recv(65535))

    def send(datagram):
        chance.choice(clients).sendto(datagram, (SERVER, 69))
        if flood.sent % 64 == 0:
            listen()

    plain = [b"\0\1" + n + b"\0" + m + b"\0" for n in names for m in (b"octet", b"netascii", b"mail")]
    before = resident_kib(bootd)
    flood.send(plain, send)
    flood.send((mutate(chance, seeds) for _ in range(REQUESTS - len(plain))), send)
    listen()
    grown = resident_kib(bootd) - before
    tftp = site.ask("bootd", "status")["files"]["tftp"]
    print(f"{flood.sent} requests, {seen.count} answers, {grown} KiB more, {tftp}")
    assert flood.sent >= REQUESTS and seen.count > 0 and grown < GROWTH_KIB
    assert tftp["not-found"] > 1000 and tftp["malformed"] > 1000
    good = site.router.run("curl", "-gsS", f"tftp://[{SERVER}]/hello.txt")
    assert good.stdout == "hello"


def evil_requests(chance, names):
    seeds = [
        b"GET /hello.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
        b"HEAD /hello.txt HTTP/1.0\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
        b"POST /hello.txt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET /boot.ipxe?mac=52:54:00:00:00:01&uuid=1 HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET http://[::1]/hello.txt HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
    ]
    for name in names:
        for target in (name, quote(name, safe="/%.")):
            octets = target.encode("utf-8", "surrogateescape")
            yield b"GET /" + octets + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    while True:
        yield mutate(chance, seeds)


def test_http(bootd, chance):
    """Each on a connection of its own, a hundred at a time."""
    site, seen = bootd.site, Answers()
    requests = evil_requests(chance, evil_names(chance, bootd.outside))
    before = resident_kib(bootd)
    statuses = {}
    for _ in range(REQUESTS // 100):
        connections = [connect(site, next(requests)) for _ in range(100)]
        for sock in connections:
            answer = hear_out(sock)
            seen.take(answer)
            statuses[answer[9:12]] = statuses.get(answer[9:12], 0) + 1
            assert answer == b"" or answer.startswith(b"HTTP/1.")
    grown = resident_kib(bootd) - before
    print(f"{seen.count} requests, {grown} KiB more, {statuses}")
    assert statuses[b"403"] > 100 and statuses[b"404"] > 100 and statuses[b"400"] > 100
    assert grown < GROWTH_KIB
    assert site.router.run("curl", "-gsS", f"http://[{SERVER}]/hello.txt").stdout == "hello"
    wait_for(lambda: site.ask("bootd", "status")["files"]["http"]["connections"] == 0, what="closed")


def connect(site, request):
    with site.router.entered():
        sock = socket.socket(socket.AF_INET6)
    sock.settimeout(10)
    sock.connect((SERVER, 80))
    with contextlib.suppress(OSError):  # it may close the connection before it has read all
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
    return sock


def hear_out(sock):
    answer = b""
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65536):
            answer += data
    sock.close()
    return answer


# --- control sockets ----------------------------------------------------------------


@pytest.mark.parametrize("daemon", ["bootd", "relayd"])
def test_control(request, lab, chance, daemon):
    if daemon == "bootd":
        site = request.getfixturevalue("bootd").site
    else:
        site = request.getfixturevalue("relay_site")
    path = str(lab.directory / f"{daemon}.sock")
    process = next(p for p in lab.processes if p.name == daemon)
    before = resident_kib(process)
    for _ in range(1000):
        words = [chance.randbytes(chance.randint(0, 30)) for _ in range(chance.randint(0, 40))]
        words.insert(0, chance.choice((b"", b"status", b"show", b"explain", b"list", b"links", b"watch")))
        assert_answered(path, b" ".join(words).replace(b"\n", b"") + b"\n")
    for size in (4095, 4096, 4097, 1 << 20):
        assert_answered(path, b"x" * size + b"\n")
    crowd = []
    with contextlib.suppress(BlockingIOError):  # the kernel's queue is full: that is fine, too
        while len(crowd) < 200:
            crowd.append(control_client(path))
    for sock in crowd:
        sock.close()
    wait_for(lambda: is_answered(path), what="it answers when the crowd has gone")
    deaf = control_client(path)  # asks, and never reads
    deaf.settimeout(2)
    with contextlib.suppress(OSError):  # it is hung up on in the end
        for _ in range(20000):
            deaf.sendall(b"status\n" * 20)
    assert is_answered(path)
    deaf.close()
    assert resident_kib(process) - before < GROWTH_KIB
    assert site.ask(daemon, "status")


def control_client(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(10)
    sock.connect(path)
    return sock


def assert_answered(path, line):
    """A line of anything is answered with a line of JSON, an empty one with nothing."""
    with control_client(path) as sock:
        with contextlib.suppress(BrokenPipeError):  # too long to be read to its end
            sock.sendall(line)
        if line.strip():
            assert isinstance(json.loads(sock.makefile().readline()), dict), line


def is_answered(path):
    try:
        with control_client(path) as sock:
            sock.sendall(b"status\n")
            return sock.makefile().readline().startswith("{")
    except OSError:
        return False
