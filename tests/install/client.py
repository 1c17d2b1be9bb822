# SPDX-License-Identifier: ISC
"""A machine that boots from a Site: scapy sends what firmware sends, curl fetches the file."""

import time

from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6_Reply
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.bench import ALL_RELAYS, ALL_RELAYS_MAC, dhcp_to
from lab.boot_client import MAC, X64_UEFI, address, arch, request_of, solicit, url
from lab.netns import link_local
from lab.process import PATIENCE

FILE = "a boot file\n"


class Client:
    """A machine on br-1 that asks as firmware does: again, until it is answered."""

    def __init__(self, site):
        self.site = site
        self.address = link_local(MAC)
        site.clients.address("br-1", f"{self.address}/64")  # the kernel answers who has it
        site.clients.address("br-1", "2001:db8:1::c/64")  # files are fetched from here
        site.clients.route("default", "via", "2001:db8:1::1")
        self.wire = site.clients.wire("br-1")

    def send(self, message, mac=MAC):
        frame = Ether(src=mac, dst=ALL_RELAYS_MAC) / IPv6(src=link_local(mac), dst=ALL_RELAYS)
        self.wire.send(frame / UDP(sport=546, dport=547) / message)

    def receive(self, kind, limit):
        """The next answer of a type, or None."""
        found = self.wire.receive(lambda frame: dhcp_to(self.address)(frame) and kind in frame, limit)
        return found and found[kind]

    def exchange(self, message, kind, limit=20):
        end = time.monotonic() + limit * PATIENCE
        while time.monotonic() < end:
            self.send(message)
            answer = self.receive(kind, 1 / PATIENCE)
            if answer:
                return answer
        raise AssertionError(f"no {kind.__name__} within {limit} s")

    def boot(self, architecture=X64_UEFI):
        """Four messages and a file. Returns the address and the URL."""
        advertise = self.exchange(solicit(arch(architecture)), DHCP6_Advertise)
        reply = self.exchange(request_of(advertise, arch(architecture)), DHCP6_Reply)
        got = self.site.clients.run("curl", "-gsSf", "--max-time", "10", url(reply)).stdout
        assert got == FILE
        return address(reply), url(reply)
