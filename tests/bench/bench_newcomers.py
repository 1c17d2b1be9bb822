# SPDX-License-Identifier: ISC
"""Many clients that the router has never seen, some silent to Neighbor Discovery: does anybody wait?

Each client sends one Solicit, at a steady pace; the server answers each at once. A reply that goes
to a client makes the kernel ask for its MAC address: most clients answer, as machines do, some do
not. Shown is how long the others wait from their Solicit until they have the Advertise. A site is
made for each relay, so that its router knows nobody. The clock and the clients are this program's.
"""

import contextlib
import select
import socket
import struct
import time
from pathlib import Path
from statistics import median, quantiles

from bench.relay_site import PACKAGES, available, relay_site
from lab.netns import wait_for
from lab.topology import CORE_ROUTER

RELAYS = ("null", "relayd", *PACKAGES)
LINKS = 10
RELAY_HEADER = 34
ALL_RELAYS = socket.inet_pton(socket.AF_INET6, "ff02::1:2")
ALL_RELAYS_MAC = bytes.fromhex("333300010002")
SOLICIT, ADVERTISE, RELAY_REPL = 1, 2, 13
OPTION_CLIENT_ID, OPTION_RELAY_MSG, OPTION_CLIENT_LINKLAYER = 1, 9, 79


def add_options(parser):
    parser.add_argument("--newcomers", type=int, default=1000)
    parser.add_argument("--newcomers-silent", type=int, default=100)
    parser.add_argument("--newcomers-per-second", type=int, default=2000)
    parser.add_argument("--newcomers-limit", type=float, default=3.0, help="seconds after the last")


def address_of(client):
    return f"fe80::c:{client:x}"


def checksum(octets):
    """Of what UDP over IPv6 sums up (RFC 8200 section 8.1)."""
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF or 0xFFFF


def frame_of(client):
    """A Solicit with a DUID-LL, from the link up; its transaction is the client's number."""
    mac = b"\x02\x00\x5e\x30" + struct.pack("!H", client)
    duid = b"\0\3\0\1" + mac
    message = bytes((SOLICIT,)) + client.to_bytes(3, "big")
    message += struct.pack("!HH", OPTION_CLIENT_ID, len(duid)) + duid
    size = 8 + len(message)
    ends = socket.inet_pton(socket.AF_INET6, address_of(client)) + ALL_RELAYS
    ports = struct.pack("!HHH", 546, 547, size)
    total = checksum(ends + struct.pack("!II", size, socket.IPPROTO_UDP) + ports + b"\0\0" + message)
    ipv6 = struct.pack("!IHBB", 6 << 28, size, socket.IPPROTO_UDP, 1) + ends
    return ALL_RELAYS_MAC + mac + b"\x86\xdd" + ipv6 + ports + struct.pack("!H", total) + message


def answer_to(forwarded):
    """A Relay-reply with an Advertise: header and options as they came, but for what is the relay's."""
    kept, at, message = forwarded[1:RELAY_HEADER], RELAY_HEADER, b""
    while at + 4 <= len(forwarded):
        code, size = struct.unpack_from("!HH", forwarded, at)
        if code == OPTION_RELAY_MSG:
            message = forwarded[at + 4 : at + 4 + size]
        elif code != OPTION_CLIENT_LINKLAYER:
            kept += forwarded[at : at + 4 + size]
        at += 4 + size
    inner = bytes((ADVERTISE,)) + message[1:]
    return bytes((RELAY_REPL,)) + kept + struct.pack("!HH", OPTION_RELAY_MSG, len(inner)) + inner


def neighbours():
    """In the kernel's IPv6 table: one for all namespaces, and 1,024 is the most that it takes."""
    return int(Path("/proc/net/stat/ndisc_cache").read_text().splitlines()[1].split()[0], 16)


class Newcomers:
    """The clients and the server of one site."""

    def __init__(self, site, options):
        self.options = options
        self.frames = [frame_of(client) for client in range(options.newcomers)]
        names = [f"c{client % LINKS + 1}" for client in range(options.newcomers)]
        every = max(1, options.newcomers // max(1, options.newcomers_silent))
        self.silent = set(range(0, options.newcomers, every)[: options.newcomers_silent])
        for name in set(names):
            site.clients.sysctl(f"net.ipv6.conf.{name}.disable_ipv6", 0)
        lines = (
            f"address add {address_of(client)}/64 dev {name} nodad"
            for client, name in enumerate(names)
            if client not in self.silent
        )
        site.batch(site.clients, "newcomers", lines)
        with site.clients.entered():
            self.to = [(name, 0x86DD) for name in names]
            self.packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.replies = site.clients.udp_socket(port=546)
        self.replies.setblocking(False)
        self.server = site.server.udp_socket(port=547)
        self.server.setblocking(False)
        self.sent, self.waited, self.relayed = {}, {}, 0

    def run(self):
        """Returns how long each waited that got its Advertise, in ms."""
        begin = time.monotonic()
        interval = 1 / self.options.newcomers_per_second
        listening = self.options.newcomers - len(self.silent)
        for client, frame in enumerate(self.frames):
            self._serve(begin + client * interval)
            self.sent[client] = time.monotonic()
            self.packets.sendto(frame, self.to[client])
        end = time.monotonic() + self.options.newcomers_limit
        while len(self.waited) < listening and time.monotonic() < end:
            self._serve(time.monotonic() + 0.01)
        self.packets.close()
        return [1000 * seconds for seconds in self.waited.values()]

    def _serve(self, until):
        """Let the server answer and the clients receive, until then."""
        while True:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.server, self.replies], [], [], max(0, left))
            for sock in ready:
                data = sock.recv(2048)
                if sock is self.server:
                    self.relayed += 1
                    sock.sendto(answer_to(data), (CORE_ROUTER, 547))
                else:
                    client = int.from_bytes(data[1:4], "big")
                    self.waited.setdefault(client, time.monotonic() - self.sent[client])
            if left <= 0 and not ready:
                return


def bench(options):
    count, silent = options.newcomers, options.newcomers_silent
    print(f"\nnewcomers: {count} clients, {silent} of them silent to Neighbor Discovery,")
    print(f"{options.newcomers_per_second} per second, on {LINKS} links\n")
    print(f"| relay | of {count} relayed | of {count - silent} answered | median, ms | p99 | last |")
    print("|---|---|---|---|---|---|")
    fewest = neighbours()
    for relay in available(RELAYS):
        with contextlib.suppress(AssertionError):  # somebody else's, then: measure all the same
            wait_for(lambda: neighbours() <= fewest + LINKS, 3, "the neighbours before are forgotten")
        with relay_site(LINKS) as site:
            site.start(relay)
            newcomers = Newcomers(site, options)
            ms = newcomers.run()
        print(f"| {relay} | {newcomers.relayed} | {len(ms)} |", end="")
        if len(ms) > 1:
            print(f" {median(ms):.1f} | {quantiles(ms, n=100)[98]:.1f} | {max(ms):.1f} |", flush=True)
        else:
            print(" - | - | - |", flush=True)
