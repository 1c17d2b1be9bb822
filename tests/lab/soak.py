# SPDX-License-Identifier: ISC
"""A soak of relayd: random churn of links, addresses, routes and configurations, with clients
that go on asking all the while, and an account of what was true when.

        clients                    router                     server
  br-N (a client with an      lanN or lanN-b  (a macvlan        ::547
   address, and any number     vN on some)    core, up2  ────  core, up2
   of made-up ones)  ──────

Every change of a port is put down with the moments before and after it. A message that was
sent at t0 and reached the server at t1 must bear what a state that held between the two
says: the name of the link as Interface-Id, one of its best addresses as link-address, and the
MAC of its frame; or none, which the relay counts: of a thousand frames at once, when it was
held up, one may be forgotten (frame/client_mac.c). What is answered must reach the link that asked.

Not all that is sent comes in: cables are out, links are down. But the account must close: what
the relay received it has forwarded or dropped for a reason that it names, and what it has
forwarded is what the server got.
"""

import contextlib
import os
import random
import select
import signal
import socket
import struct
import threading
import time

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, SO_RCVBUFFORCE
from lab.netns import fixed_mac, link_local, run, wait_for
from lab.topology import SERVER, Site

PORTS = 6
PACE_S = 0.004  # between two messages
LOST_S = 20.0  # a message that has not come by then does not come
SOLICIT, REPLY, RELAY_FORW, RELAY_REPL = 1, 7, 12, 13
CLIENT_ID, RELAY_MSG, INTERFACE_ID, LINKLAYER = 1, 9, 18, 79
CONFIG = """
interfaces = {{"lan*"}}
server "{server}" {{}}
{more}
"""
CLIENTS_DROPS = ("not-served", "unicast", "short", "server-type", "untrusted-relay", "no-address",
                 "standby", "link-rate", "client-rate", "no-server")
MTU, TOO_LOW_MTU = 1500, 1200  # below 1280 the kernel takes IPv6 off the link
RULE_TABLE, VRF_TABLE = 100, 50
VARIANTS = ("", "forward = hash", 'remote-id = "%h:%i"\nenterprise-number = 32473',
            'subscriber-id = "%i"', "client-rate = 100000", "link-rate = 100000")


def octets(address):
    return socket.inet_pton(socket.AF_INET6, address)


def mac_octets(mac):
    return bytes.fromhex(mac.replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def message(xid, mac):
    """A Solicit whose DUID has the MAC in it, so that the server's copy can be judged."""
    duid = struct.pack("!HHHH", CLIENT_ID, 10, 3, 1) + mac_octets(mac)
    return bytes([SOLICIT]) + xid.to_bytes(3, "big") + duid


def frame(mac, source, payload):
    """The octets of a client's multicast, without scapy: hundreds a second are needed."""
    length = 8 + len(payload)
    addresses = octets(source) + octets(ALL_RELAYS)
    pad = b"\0" if length % 2 else b""
    pseudo = addresses + struct.pack("!IHBB", length, 0, 0, 17)
    udp = struct.pack("!HHHH", 546, 547, length, 0)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload + pad))
    ethernet = mac_octets(ALL_RELAYS_MAC) + mac_octets(mac) + b"\x86\xdd"
    return ethernet + struct.pack("!IHBB", 6 << 28, length, 17, 1) + addresses + udp + payload


def options_of(data):
    found, at = {}, 0
    while at < len(data):
        code, length = struct.unpack_from("!HH", data, at)
        found[code] = data[at + 4:at + 4 + length]
        at += 4 + length
    return found


class Port:
    """A client link of the router, and what has been true of it."""

    def __init__(self, number):
        self.number = number
        self.name = f"lan{number}"
        self.there = True
        self.addresses = {f"2001:db8:{number}::1": 64}  # with their prefix lengths
        self.deprecated = set()
        self.vmac = None  # its address, where there is one
        self.in_vrf = False
        self.history = []  # (begun, done, state)
        self.note(time.monotonic())

    def state(self):
        """(name, its best addresses, all of them)"""
        ranks = {a: 4 * (a in self.deprecated) + (n == 128) for a, n in self.addresses.items()}
        if self.vmac:
            ranks[self.vmac] = 2  # after the link's own, unless these are deprecated
        if not self.there:
            ranks = {}
        best = min(ranks.values(), default=0)
        return self.name, {a for a in ranks if ranks[a] == best}, set(ranks)

    def note(self, begun):
        self.history.append((begun, time.monotonic(), self.state()))
        del self.history[:-800]

    def may_show(self, t0, t1):
        """The pairs (name, link-address) that a message between the two moments may show."""
        pairs = set()
        for place, (begun, done, (name, best, every)) in enumerate(self.history):
            after = self.history[place + 1] if place + 1 < len(self.history) else None
            if begun > t1 or (after and after[1] < t0):
                continue
            is_moving = t0 < done or (after and t1 > after[0])
            pairs |= {(name, address) for address in (every if is_moving else best)}
            if is_moving and after:  # under way it may be half of each
                pairs |= {(n, a) for n in (name, after[2][0]) for a in every | after[2][2]}
        return pairs


class Soak:
    def __init__(self, lab, seed):
        self.random = random.Random(seed)
        self.site = Site(lab, client_links=PORTS)
        self.router, self.clients = self.site.router, self.site.clients
        self.ports = [Port(number) for number in range(1, PORTS + 1)]
        self.sent, self.received = {}, []
        self.counts = dict.fromkeys(
            ("sent", "relayed", "without-mac", "replied", "lost", "changes", "overruns"), 0)
        self.errors, self.done = [], []
        self.stop, self.done_serving = threading.Event(), threading.Event()
        self._add_uplink()
        lab.veth(self.router, "junk", self.router, "junk-peer")
        self.router.ip("-6", "route", "add", f"{SERVER}/128", "via", "2001:db8:200::69",
                       "table", RULE_TABLE)
        self.has_rule = False
        self.has_vrfs = self._add_vrf()
        self.relayd = self.site.start_relayd(config=CONFIG.format(server=SERVER, more=""))
        self.config = lab.directory / "relayd.conf"
        self._open_sockets()

    def _add_uplink(self):
        self.site.lab.veth(self.router, "up2", self.site.server, "up2")
        self.router.address("up2", "2001:db8:200::1/64")
        self.site.server.address("up2", "2001:db8:200::69/64")

    def _add_vrf(self):
        """False on a kernel without VRFs."""
        added = self.router.run("ip", "link", "add", "vrf-lan", "type", "vrf", "table", VRF_TABLE,
                                check=False)
        if added.returncode == 0:
            self.router.ip("link", "set", "vrf-lan", "up")
        return added.returncode == 0

    def _open_sockets(self):
        self.server = self.site.server.udp_socket(SERVER, 547)
        self.server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.wires, self.asking = {}, {}
        for port in self.ports:
            device = f"br-{port.number}"
            self.wires[port.number] = self.clients.wire(device)
            own = link_local(self.clients.mac(device))
            wait_for(lambda: self.clients.has_address(own, device))
            self.asking[port.number] = self.clients.udp_socket(own, 546, device=device)

    # --- traffic: two threads ---------------------------------------------------------
    def _send(self):
        chance = random.Random(self.random.random())
        xid = 0
        while not self.stop.wait(PACE_S):
            xid = xid % 0xFFFFFF + 1
            number = chance.randint(1, PORTS)
            is_real = chance.random() < 0.25
            device = f"br-{number}"
            mac = self.clients_mac[number] if is_real else fixed_mac(device, str(xid % 5000))
            source = link_local(mac) if is_real else socket.inet_ntop(
                socket.AF_INET6, b"\xfe\x80" + bytes(6) + chance.randbytes(8))
            self.sent[xid] = number, mac, source, time.monotonic()
            with contextlib.suppress(OSError):  # the cable may be out
                self.wires[number].send(frame(mac, source, message(xid, mac)))
            self.counts["sent"] += 1

    def _serve(self):
        while not self.done_serving.is_set():
            if not select.select([self.server], [], [], 0.2)[0]:
                continue
            data, sender = self.server.recvfrom(65535)
            self.received.append((time.monotonic(), data))
            inner = options_of(data[34:]).get(RELAY_MSG, b"")
            if not inner or self.sent.get(int.from_bytes(inner[1:4], "big"), (0, ""))[1] \
                    not in self.clients_mac.values():
                continue
            interface_id = options_of(data[34:])[INTERFACE_ID]
            answer = bytes([REPLY]) + inner[1:]
            parts = ((INTERFACE_ID, interface_id), (RELAY_MSG, answer))
            reply = bytes([RELAY_REPL]) + data[1:34]
            for code, value in parts:
                reply += struct.pack("!HH", code, len(value)) + value
            with contextlib.suppress(OSError):
                self.server.sendto(reply, sender)

    # --- judgement -----------------------------------------------------------------------
    def _judge_one(self, t1, data):
        options = options_of(data[34:])
        inner = options[RELAY_MSG]
        asked = self.sent.pop(int.from_bytes(inner[1:4], "big"), None)
        if not asked:
            self.errors.append(f"came twice, or was never sent: {inner.hex()}")
            return
        number, mac, source, t0 = asked
        link_address = socket.inet_ntop(socket.AF_INET6, data[2:18])
        shown = options[INTERFACE_ID].decode(), link_address
        may = self.ports[number - 1].may_show(t0, t1)
        self.counts["relayed"] += 1
        if shown not in may:
            self.errors.append(f"port {number}: {shown} put in front, of {sorted(may)}; sent "
                               f"at {t0:.3f}, came at {t1:.3f}")
        if inner != message(int.from_bytes(inner[1:4], "big"), mac) or data[18:34] != octets(source):
            self.errors.append(f"port {number}: not the message that was sent: {data.hex()}")
        if LINKLAYER not in options:
            self.counts["without-mac"] += 1
        elif options[LINKLAYER] != b"\0\1" + mac_octets(mac):
            self.errors.append(f"port {number}: option 79 is {options.get(LINKLAYER)} for {mac}")

    def _judge_replies(self):
        for number, sock in self.asking.items():
            while select.select([sock], [], [], 0)[0]:
                data = sock.recv(65535)
                self.counts["replied"] += 1
                if data[0] != REPLY or data[-6:] != mac_octets(self.clients_mac[number]):
                    self.errors.append(f"port {number} got another's: {data.hex()}")

    def _judge_lost(self, now):
        for xid, (*_, t0) in list(self.sent.items()):
            if now - t0 > LOST_S:
                del self.sent[xid]
                self.counts["lost"] += 1

    def judge_account(self):
        """The clients are silent by now: nothing is under way."""
        def closed():
            self.judge()
            status = self.site.ask("relayd", "status")
            counters = status["counters"]
            account = {
                "received": sum(counters["received"].values()),
                "forwarded": counters["forwarded"],
                "dropped": {reason: n for reason, n in counters["dropped"].items()
                            if reason in CLIENTS_DROPS},
                "at the server": self.counts["relayed"],
                "for lack of room": status["receive-queue-drops"],
                "without MAC": counters["without-client-mac"] - self.counts["without-mac"],
            }
            self.account = account
            return account["received"] == account["forwarded"] + sum(
                account["dropped"].values()) and account["forwarded"] == account[
                    "at the server"] and account["for lack of room"] == account["without MAC"] == 0

        wait_for(closed, 10, lambda: f"the account does not close: {self.account}")

    def judge(self):
        batch, self.received = self.received, []
        for t1, data in batch:
            self._judge_one(t1, data)
        self._judge_replies()
        self._judge_lost(time.monotonic())
        if self.errors:
            dropped = self.site.ask("relayd", "status")["counters"]["dropped"]
            last = (f"{begun:.3f} to {end:.3f}: {what}" for begun, end, what in self.done[-20:])
            told = [*self.errors[:10], f"dropped so far: {dropped}", "what was done:", *last]
            raise AssertionError("\n".join(told))

    # --- churn ------------------------------------------------------------------------------
    @contextlib.contextmanager
    def changing(self, port):
        begun = time.monotonic()
        yield
        port.note(begun)

    def _set_addresses(self, port):
        """Those that the port has to have, on a link that has just come up."""
        for address, length in port.addresses.items():
            self.router.address(port.name, f"{address}/{length}")
        port.deprecated = set()

    def _drop_vmac(self, port):
        if port.vmac:
            with self.changing(port):
                self.router.ip("link", "del", f"v{port.number}")
                port.vmac = None

    def delete_or_make(self, port):
        self._drop_vmac(port)
        with self.changing(port):
            if port.there:
                self.router.ip("link", "del", port.name)
            else:
                device = f"port-{port.number}"
                self.site.lab.veth(self.clients, device, self.router, port.name)
                self.clients.bridge_port(f"br-{port.number}", device)
                self._set_addresses(port)
            port.there = not port.there
            port.in_vrf = False

    def rename(self, port):
        self._drop_vmac(port)
        with self.changing(port):
            before, port.name = port.name, f"lan{port.number}"
            port.name += "" if before.endswith("-b") else "-b"
            self.router.ip("link", "set", before, "down", "name", port.name)
            self.router.ip("link", "set", port.name, "up")
            self._set_addresses(port)

    def down_and_up(self, port):
        self._drop_vmac(port)
        with self.changing(port):
            self.router.ip("link", "set", port.name, "down")
            self.router.ip("link", "set", port.name, "up")
            self._set_addresses(port)

    def add_address(self, port):
        length = self.random.choice((64, 64, 128))
        address = f"2001:db8:{port.number}::{self.random.randrange(2, 65536):x}"
        if address in port.addresses or len(port.addresses) > 4:
            self.remove_address(port)
            return
        with self.changing(port):
            self.router.address(port.name, f"{address}/{length}")
            port.addresses[address] = length

    def remove_address(self, port):
        if not port.addresses:
            return
        with self.changing(port):
            address = self.random.choice(list(port.addresses))
            length = port.addresses.pop(address)
            port.deprecated.discard(address)
            self.router.ip("-6", "addr", "del", f"{address}/{length}", "dev", port.name)

    def deprecate(self, port):
        if not port.addresses:
            return
        with self.changing(port):
            address = self.random.choice(list(port.addresses))
            self.router.ip("-6", "addr", "change", f"{address}/{port.addresses[address]}", "dev",
                           port.name, "preferred_lft", "0")
            port.deprecated.add(address)

    def move_vmac(self, port):
        if port.vmac:
            self._drop_vmac(port)
            return
        with self.changing(port):
            vmac = f"v{port.number}"
            self.router.ip("link", "add", vmac, "link", port.name, "address", "00:00:5e:00:02:01",
                           "type", "macvlan", "mode", "private")
            self.router.ip("link", "set", vmac, "up")
            port.vmac = f"2001:db8:{port.number}::f:{self.random.randrange(1, 65536):x}"
            self.router.address(vmac, f"{port.vmac}/128")

    def flap_mtu(self, port):
        """The kernel drops the link's IPv6, and the membership with it, without an event."""
        self._drop_vmac(port)
        with self.changing(port):
            self.router.ip("link", "set", port.name, "mtu", TOO_LOW_MTU)
            self.router.ip("link", "set", port.name, "mtu", MTU)
            self._set_addresses(port)

    def move_between_vrfs(self, port):
        """The kernel takes the link down and up, which removes its addresses."""
        self._drop_vmac(port)
        with self.changing(port):
            port.in_vrf = not port.in_vrf
            how = ("master", "vrf-lan") if port.in_vrf else ("nomaster",)
            self.router.ip("link", "set", port.name, *how)
            self._set_addresses(port)

    def shift_rule(self):
        """Policy routing sends DHCPv6 by the other uplink, or no longer."""
        self.router.ip("-6", "rule", "del" if self.has_rule else "add", "priority", 50,
                       "ipproto", "udp", "dport", 547, "lookup", RULE_TABLE)
        self.has_rule = not self.has_rule
        return f"rule {'added' if self.has_rule else 'deleted'}"

    def shift_route(self):
        via = self.random.choice((("via", "2001:db8:200::69"), ("dev", "core")))
        self.router.ip("-6", "route", "replace", f"{SERVER}/128", *via, "metric", 5)
        return f"route {via}"

    def reload(self):
        """Another configuration, or a bad one that must change nothing. No message may be lost."""
        more = self.random.choice((*VARIANTS, "width = 3"))
        self.config.write_text(CONFIG.format(server=SERVER, more=more))
        answer = self.site.ask("relayd", "reload")
        assert ("error" in answer) == (more == "width = 3"), answer
        return f"reload {more}"

    def overrun(self):
        """Hold the relay while the kernel says more than its socket holds; some of it matters."""
        before = self.site.ask("relayd", "status")["netlink"]["overruns"]
        lines = "".join(f"link set dev junk mtu {1400 + n % 90}\n" for n in range(6000))
        batch = self.site.lab.file("storm.batch", lines)
        os.kill(self.relayd.pid, signal.SIGSTOP)
        try:
            run("ip", "-n", self.router.full_name, "-batch", batch)
            for port in self.ports[:2]:
                self.change_port(port)
        finally:
            os.kill(self.relayd.pid, signal.SIGCONT)
        wait_for(lambda: self.site.ask("relayd", "status")["netlink"]["overruns"] > before)
        self.counts["overruns"] += 1
        return "overrun"

    def change_port(self, port):
        if not port.there:
            self.delete_or_make(port)
            return f"make {port.number}"
        changes = (self.add_address, self.add_address, self.remove_address, self.deprecate,
                   self.move_vmac, self.move_vmac, self.down_and_up, self.rename,
                   self.delete_or_make, self.flap_mtu)
        if self.has_vrfs:
            changes += (self.move_between_vrfs,)
        change = self.random.choice(changes)
        change(port)
        return f"{change.__name__} {port.number}"

    def change(self):
        self.counts["changes"] += 1
        before = time.monotonic()
        what = self._change()
        self.done.append((before, time.monotonic(), what))
        del self.done[:-2000]

    def _change(self):
        chance = self.random.random()
        if chance < 0.08:
            return self.shift_route()
        if chance < 0.14:
            return self.reload()
        if chance < 0.17:
            return self.shift_rule()
        if chance < 0.175:
            return self.overrun()
        return self.change_port(self.random.choice(self.ports))

    def resident_kib(self):
        with open(f"/proc/{self.relayd.pid}/status", encoding="ascii") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmRSS"))

    def run(self, seconds, say):
        """Go on for so long; returns what it came to."""
        self.clients_mac = {p.number: self.clients.mac(f"br-{p.number}") for p in self.ports}
        threads = [threading.Thread(target=f, daemon=True) for f in (self._send, self._serve)]
        for thread in threads:
            thread.start()
        start, told, early = time.monotonic(), 0.0, None
        try:
            self.overrun()
            while (passed := time.monotonic() - start) < seconds:
                self.change()
                self.judge()
                if early is None and passed > seconds / 3:
                    early = self.resident_kib()
                if passed - told > 60:
                    told = passed
                    say(f"{passed:.0f} s: {self.counts}, {self.resident_kib()} KiB resident")
            self.stop.set()
            threads[0].join()
            self.judge_account()
        finally:
            self.stop.set()
            self.done_serving.set()
            for thread in threads:
                thread.join()
        return {**self.counts, "early-kib": early, "late-kib": self.resident_kib()}
