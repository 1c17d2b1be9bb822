# SPDX-License-Identifier: ISC
"""Attacks on bootd from one link, while honest machines boot on another.

Each attack is what a stranger can send without any secret. While it goes on, machines on
another link ask by DHCPv6, TFTP and HTTP; each must be served before it would send its message
again (RFC 9915 section 7.6: 1 s; a SYN: 1 s). Afterwards the boot that was under way is still
known, and nobody has read or marked what is another machine's.
"""

import contextlib
import resource
import socket
import threading
import time

import pytest
from scapy.layers.dhcp6 import DHCP6_Decline, DHCP6_RelayReply, DHCP6OptIAAddress, DHCP6OptRelayMsg

from lab.boot_client import X64_UEFI, address, arch, duid, relay, request_of, solicit
from lab.netns import link_local, wait_for
from lab.process import PATIENCE
from lab.topology import SERVER, Site

ATTACK_S = 4
RETRANSMISSION_S = 1.0 * PATIENCE
DB = "52:54:00:00:00:d1"
SECRET = "the password of the database"

CONF = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
key = "a key for the laboratory"
subnet "2001:db8:1::/64" {{}}
subnet "2001:db8:2::/64" {{}}
subnet "2001:db8:3::/64" {{ addresses = pool  pool = "2001:db8:3::1000-2001:db8:3::11ff" }}
host "db" {{ mac = "52:54:00:00:00:d1"  set = {{"secret={secret}"}} }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[2001:db8:100::69]/snponly.efi" }}
"""


@pytest.fixture
def site(lab):
    """Links 1 and 3 are the attacker's, link 2 has honest machines; the host "db" is booting there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    made = Site(lab, client_links=3)
    root = lab.directory / "root"
    root.mkdir()
    (root / "hello.txt").write_text("hello")
    (root / "big").write_bytes(bytes(8 << 20))
    (root / "boot.ipxe").write_text("#!ipxe\necho ${secret}\n")
    made.bootd = made.start_bootd(
        CONF.format(root=root, secret=SECRET), ports=(("udp", 547), ("udp", 69), ("tcp", 80))
    )
    made.honest = Honest(made)
    made.honest.boots(DB)
    yield made
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Honest:
    """Machines on link 2, each asking once: what is not answered in time fails the test."""

    def __init__(self, site):
        self.site = site
        self.relay = site.router.udp_socket("2001:db8:2::1", 547)
        self.relay.settimeout(RETRANSMISSION_S)
        self.slowest = {}

    def ask(self, message, mac):
        datagram = relay(message, mac=mac, link="2001:db8:2::1", interface=b"lan2", peer=link_local(mac))
        self.relay.sendto(bytes(datagram), (SERVER, 547))
        return self.relay.recv(65535)

    def boots(self, mac):
        """As far as its first file."""
        client = duid(mac)
        offer = DHCP6_RelayReply(self.ask(solicit(arch(X64_UEFI), client=client), mac))
        advertise = offer[DHCP6OptRelayMsg].message
        self.ask(request_of(advertise, arch(X64_UEFI)), mac)
        self.own = address(advertise)
        self.site.router.address("lan2", f"{self.own}/128")
        self.fetch_by_tftp(self.own)

    def fetch_by_http(self, source="2001:db8:2::1"):
        with self.site.router.entered():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        with sock:
            sock.settimeout(RETRANSMISSION_S)
            sock.bind((source, 0))
            sock.connect((SERVER, 80))
            sock.sendall(b"GET /hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while data := sock.recv(65536):
                answer += data
        assert answer.endswith(b"hello"), answer

    def fetch_by_tftp(self, source="2001:db8:2::1"):
        with self.site.router.udp_socket(source) as sock:
            sock.settimeout(RETRANSMISSION_S)
            sock.sendto(b"\0\1hello.txt\0octet\0", (SERVER, 69))
            data, sender = sock.recvfrom(2048)
            assert data == b"\0\3\0\1hello"
            sock.sendto(b"\0\4\0\1", sender)

    def try_all(self, number):
        mac = f"52:54:00:02:{number >> 8:02x}:{number & 0xFF:02x}"
        message = solicit(arch(X64_UEFI), client=duid(mac))
        for name, ask in (
            ("Solicit", lambda: self.ask(message, mac)),
            ("TFTP", self.fetch_by_tftp),
            ("HTTP", self.fetch_by_http),
        ):
            began = time.monotonic()
            try:
                ask()
            except TimeoutError:
                raise AssertionError(f"{name}: no answer within {RETRANSMISSION_S} s") from None
            took = time.monotonic() - began
            assert took < RETRANSMISSION_S, f"{name} took {took:.2f} s"
            self.slowest[name] = max(self.slowest.get(name, 0), took)


# --- the attacks -----------------------------------------------------------------------

# Each is a generator: what it opens is open while it runs; it yields after some milliseconds of
# work, with how many things it has sent.


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def connected(site, source="2001:db8:1::1"):
    with site.router.entered():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    sock.settimeout(5)
    sock.bind((source, 0))
    sock.connect((SERVER, 80))
    return sock


def solicits(site):
    """12,000 machines a second that do not exist."""
    sock = site.router.udp_socket("2001:db8:1::1", 547)
    mac = "52:54:00:aa:aa:aa"
    own = bytes.fromhex(mac.replace(":", ""))
    datagram = bytes(
        relay(solicit(arch(X64_UEFI), client=duid(mac)), mac=mac, link="2001:db8:1::1", peer=link_local(mac))
    )
    number = 0
    while True:
        for _ in range(120):
            number += 1
            forged = b"\x02\xaa\xaa" + (number & 0xFFFFFF).to_bytes(3, "big")
            sock.sendto(datagram.replace(own, forged), (SERVER, 547))
        time.sleep(0.01)
        yield 120


def calls_home(site):
    """As many machines as there can be say that they have booted."""
    sock = connected(site)
    number = 0
    while True:
        for _ in range(20):
            number += 1
            mac = f"02:00:00:{number >> 16 & 0xFF:02x}:{number >> 8 & 0xFF:02x}:{number & 0xFF:02x}"
            sock.sendall(get(f"/netboot6/booted?mac={DB if number % 10 == 0 else mac}"))
            assert b" 403 " in sock.recv(65536)
        yield 20


def reads_scripts(site):
    """Every machine's script, by its MAC."""
    sock = connected(site)
    while True:
        for _ in range(20):
            sock.sendall(get(f"/boot.ipxe?mac={DB}"))
            answer = sock.recv(65536)
            assert b" 403 " in answer and SECRET.encode() not in answer
        yield 20


def holds_connections(site):
    """As many as it can get, half of them with a download that it does not read."""
    held = []
    while True:
        for _ in range(20):
            with contextlib.suppress(OSError):
                sock = connected(site)
                held.append(sock)
                if len(held) % 2:
                    sock.sendall(get("/big"))
        if len(held) > 2000:
            time.sleep(0.1)
        yield 20


def starts_transfers(site):
    """From addresses that never answer, each with the longest timeout."""
    site.router.ip("-6", "route", "add", "local", "2001:db8:bad::/64", "dev", "lo")
    site.router.sysctl("net.ipv6.ip_nonlocal_bind", 1)
    silent = []
    while True:
        for _ in range(20):
            if len(silent) < 3000:
                sock = site.router.udp_socket(f"2001:db8:bad::{len(silent) + 1:x}")
                sock.sendto(b"\0\1big\0octet\0timeout\x00255\0", (SERVER, 69))
                silent.append(sock)
        time.sleep(0.01)
        yield 20


def declines(site):
    """One machine that declines every address it gets, until the pool is empty."""
    sock = site.router.udp_socket("2001:db8:3::1", 547)
    sock.settimeout(5)
    mac = "52:54:00:de:c1:1e"

    def ask(message):
        sock.sendto(bytes(relay(message, mac=mac, link="2001:db8:3::1", peer=link_local(mac))), (SERVER, 547))
        return DHCP6_RelayReply(sock.recv(65535))[DHCP6OptRelayMsg].message

    while True:
        advertise = ask(solicit(client=duid(mac)))
        if DHCP6OptIAAddress not in advertise:  # it has come to its limit, or to that of the pool
            time.sleep(0.05)
            yield 1
            continue
        reply = ask(request_of(advertise))
        if DHCP6OptIAAddress in reply:
            ask(request_of(reply, kind=DHCP6_Decline))
        yield 3


ATTACKS = {
    attack.__name__: (attack, at_least)
    for attack, at_least in (
        (solicits, 12000),
        (calls_home, 200),
        (reads_scripts, 200),
        (holds_connections, 200),
        (starts_transfers, 2000),
        (declines, 10),
    )
}


class Attacker(threading.Thread):
    """Runs an attack until it is left; what it has sent is in `sent`, what stopped it in `error`."""

    def __init__(self, attack):
        super().__init__(daemon=True)
        self.attack, self.sent, self.error = attack, 0, None
        self.stopped = threading.Event()

    def run(self):
        try:
            for sent in self.attack:
                self.sent += sent
                if self.stopped.is_set():
                    return
        except Exception as error:  # the test says it
            self.error = error

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join(30)


@pytest.mark.parametrize("name", ATTACKS)
def test_honest_machines_are_served(site, name):
    attack, at_least = ATTACKS[name]
    began, number = time.monotonic(), 0
    with Attacker(attack(site)) as attacker:
        while attacker.error is None and (
            time.monotonic() - began < ATTACK_S or attacker.sent < at_least
        ):
            assert time.monotonic() - began < 60 * PATIENCE, f"only {attacker.sent} were sent"
            site.honest.try_all(number)
            number += 1
    if attacker.error:
        raise attacker.error
    slowest = ", ".join(f"{what} {1000 * took:.0f} ms" for what, took in site.honest.slowest.items())
    print(f"{attacker.sent} sent, {number} honest rounds, slowest {slowest}")
    assert number >= 5
    shown = site.ask("bootd", "show", "db")
    assert shown["stage"] == "firmware fetches" and shown["address"] == site.honest.own
    script = site.router.run("curl", "-sSg", "--interface", site.honest.own, f"http://[{SERVER}]/boot.ipxe")
    assert SECRET in script.stdout
    assert site.ask("bootd", "status")["boots"]["booted"] == 0
    wait_for(lambda: site.ask("bootd", "status"), what="the control socket answers")
