# SPDX-License-Identifier: ISC
"""Many machines at once, behind one relay, before one or more bootds.

Messages are octets made here, for speed. The load notes each promise, which is a Reply with
an address and a lifetime, and fails at once where an address is promised to two machines.

    load = Load(namespace, [address of a bootd, ...])
    load.run(Machine(n) for n in range(100))
    load.promise   {machine's number: (address, until when on the monotonic clock)}
"""

import select
import socket
import struct
import time

from lab.process import PATIENCE

SOLICIT, ADVERTISE, REQUEST, RENEW, REBIND, REPLY, RELEASE = 1, 2, 3, 5, 6, 7, 8
RETRANSMIT_S = 0.5
REQUESTS = 4  # that are not answered; then the machine looks for another server
AT_ONCE = 64


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def options(data):
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("!HH", data, at)
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length


def mac_text(number):
    return f"52:54:00:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


class Exchange:
    """One machine's message that waits for its answer."""

    def __init__(self, number, kind, servers):
        self.number, self.kind, self.servers = number, kind, servers
        self.server_id = b""
        self.address = None
        self.sent = 0.0


class Load:
    def __init__(self, namespace, servers, link="2001:db8:1::1", seed=0):
        self.servers = [(server, 547) for server in servers]
        self.link = socket.inet_pton(socket.AF_INET6, link)
        self.socket = namespace.udp_socket(port=547)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.promise, self.server_of, self.holder = {}, {}, {}
        self.xid = seed << 12 & 0xFFFFFF
        self.open = {}
        self.retransmit_s = RETRANSMIT_S
        self.most_tries = 1  # that any message took
        self.refused = set()

    # --- one message ------------------------------------------------------------
    def octets(self, exchange, xid):
        mac = bytes.fromhex(mac_text(exchange.number).replace(":", ""))
        ia = struct.pack("!III", exchange.number, 0, 0)
        if exchange.address:
            address = socket.inet_pton(socket.AF_INET6, exchange.address)
            ia += option(5, address + bytes(8))
        message = struct.pack("!I", exchange.kind << 24 | xid) + option(1, b"\0\3\0\1" + mac)
        if exchange.server_id:
            message += option(2, exchange.server_id)
        message += option(8, b"\0\0") + option(3, ia)
        peer = b"\xfe\x80" + bytes(8) + mac
        head = b"\x0c\0" + self.link + peer + option(79, b"\0\1" + mac)
        return head + option(9, message)

    def send(self, exchange):
        self.xid = (self.xid + 1) & 0xFFFFFF
        exchange.sent = time.monotonic()
        self.open[self.xid] = exchange
        for server in exchange.servers:
            try:
                self.socket.sendto(self.octets(exchange, self.xid), server)
            except OSError:
                pass  # the server is gone for the moment: asked again

    def receive(self):
        """(xid, type, server id, address, lifetime) of what has come in, or None."""
        try:
            data, _ = self.socket.recvfrom(4096)
        except (BlockingIOError, ConnectionRefusedError):
            return None
        message = dict(options(data[34:]))[9]
        word = struct.unpack_from("!I", message)[0]
        found = dict(options(message[4:]))
        address, lifetime = None, 0
        for code, inner in options(found.get(3, bytes(12))[12:]):
            valid = struct.unpack_from("!I", inner, 20)[0] if code == 5 else 0
            if valid:
                address, lifetime = socket.inet_ntop(socket.AF_INET6, inner[:16]), valid
        return word & 0xFFFFFF, word >> 24, found.get(2, b""), address, lifetime

    # --- what is said ------------------------------------------------------------
    def note(self, exchange, server_id, address, lifetime):
        """An address that was promised to one machine and to no other."""
        now = time.monotonic()
        other = self.holder.get(address)
        if other is not None and other != exchange.number:
            still = self.promise.get(other, (None, 0))
            assert still[0] != address or still[1] < now, (
                f"{address} is given to {mac_text(exchange.number)}, and "
                f"{mac_text(other)} has it for {still[1] - now:.0f} s"
            )
        self.promise[exchange.number] = (address, now + lifetime)
        self.server_of[exchange.number] = server_id
        self.holder[address] = exchange.number

    def take(self, answer):
        """Returns the exchange that is to follow, if any."""
        xid, kind, server_id, address, lifetime = answer
        exchange = self.open.pop(xid, None)
        if exchange is None:
            return None
        if kind == ADVERTISE and address:
            then = Exchange(exchange.number, REQUEST, exchange.servers)
            then.server_id = server_id
            return then
        if kind == REPLY and address and exchange.kind != RELEASE:
            self.note(exchange, server_id, address, lifetime)
        else:
            self.refused.add(exchange.number)
        return None

    # --- many ----------------------------------------------------------------------
    def solicit(self, number, servers=None):
        return Exchange(number, SOLICIT, servers or self.servers)

    def again(self, number, kind=REBIND, servers=None):
        exchange = Exchange(number, kind, servers or self.servers)
        exchange.address = self.promise[number][0]
        if kind != REBIND:
            exchange.server_id = self.server_of[number]
        return exchange

    def run(self, exchanges, limit=30.0, meanwhile=lambda done: None, tries=10**9):
        """Until all are answered; `meanwhile` is called with the number of those that are."""
        waiting, done = list(reversed(list(exchanges))), 0
        end = time.monotonic() + limit * PATIENCE
        tried = {}
        self.refused.clear()
        while waiting or self.open:
            while waiting and len(self.open) < AT_ONCE:
                self.send(waiting.pop())
            select.select([self.socket], [], [], 0.05)
            while (answer := self.receive()) is not None:
                then = self.take(answer)
                if then:
                    waiting.append(then)
                else:
                    done += 1
            meanwhile(done)
            now = time.monotonic()
            for xid, exchange in list(self.open.items()):
                if now - exchange.sent > self.retransmit_s:
                    del self.open[xid]
                    tried[exchange] = tried.get(exchange, 0) + 1
                    self.most_tries = max(self.most_tries, tried[exchange] + 1)
                    if exchange.kind == REQUEST and tried[exchange] == REQUESTS:
                        exchange = self.solicit(exchange.number, exchange.servers)
                    if tried.get(exchange, 0) < tries:
                        self.send(exchange)
            assert now < end, f"{len(waiting) + len(self.open)} exchanges had no answer"
        return done
