# SPDX-License-Identifier: ISC
"""A client and a server around the relay, both played with scapy: the codec that judges ours.

    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=bench.xid)))
"""

import json
import random
import socket

from scapy.layers.dhcp6 import (
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIfaceId,
    DHCP6OptRelayMsg,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP
from scapy.layers.l2 import Ether

from lab.netns import run
from lab.topology import SERVER, program

SO_RCVBUFFORCE = 33
ALL_RELAYS = "ff02::1:2"
ALL_RELAYS_MAC = "33:33:00:01:00:02"
CLIENT_MAC = "02:00:5e:10:00:01"
CLIENT = "fe80::1234:5678:9abc:def0"  # no EUI-64: what is guessed from it would be wrong


def control(site, *words):
    """What `netboot6 relay WORDS` says, by the command itself."""
    done = run(program("netboot6/netboot6"), "--json", "--control",
               site.lab.directory / "relayd.sock", "relay", *words)
    return json.loads(done.stdout)


def link_state(site, name):
    return next((link for link in control(site, "links")["links"] if link["name"] == name), None)


def dropped(site, reason):
    return control(site, "status")["counters"]["dropped"].get(reason, 0)


def dhcp_to(address):
    """For Wire.expect(): a datagram of a relay or server to this client."""
    return lambda frame: UDP in frame and frame[UDP].sport == 547 and frame[IPv6].dst == address


class Bench:
    """A client on br-NUMBER of a site, or on another wire, and the server."""

    def __init__(self, site, number=1, wire=None, server=SERVER):
        self.site = site
        self.wire = wire or site.clients.wire(f"br-{number}")
        self.server = site.server.udp_socket(server, 547)
        self.server.settimeout(10)
        self.server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        self.xid = random.randrange(1 << 24)

    def solicit(self):
        self.xid = (self.xid + 1) % (1 << 24)
        return DHCP6_Solicit(trid=self.xid) / DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))

    def send(self, message, mac=CLIENT_MAC, src=CLIENT, dst=ALL_RELAYS, dst_mac=ALL_RELAYS_MAC):
        """A client's datagram on its link."""
        self.wire.send(self.frame(mac, dst_mac) / self.packet(message, src, dst))

    def packet(self, message, src=CLIENT, dst=ALL_RELAYS):
        return IPv6(src=src, dst=dst, hlim=1) / UDP(sport=546, dport=547) / message

    def frame(self, mac, dst_mac):
        """What stands before a client's packet."""
        return Ether(src=mac, dst=dst_mac)

    def at_server(self):
        """The next datagram that the server got, decoded, with its sender."""
        data, sender = self.server.recvfrom(65535)
        return DHCP6_RelayForward(data), sender

    def expect_relayed(self, message, **how):
        """Send until it is relayed, and give back the Relay-forward."""
        self.send(message, **how)
        relayed, _ = self.at_server()
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
        return relayed

    def expect_nothing_before(self, marker):
        """The next message that the server gets is `marker`: what was sent before was dropped."""
        self.send(marker)
        relayed, _ = self.at_server()
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(marker)

    def reply(self, relayed, inner, **changes):
        """The server's Relay-reply to a Relay-forward."""
        answer = DHCP6_RelayReply(
            hopcount=relayed.hopcount, linkaddr=relayed.linkaddr, peeraddr=relayed.peeraddr
        )
        for name, value in changes.items():
            if name != "interface_id":
                setattr(answer, name, value)
        interface_id = changes.get("interface_id", relayed[DHCP6OptIfaceId].ifaceid)
        if interface_id is not None:
            answer /= DHCP6OptIfaceId(ifaceid=interface_id)
        return answer / DHCP6OptRelayMsg(message=inner)

    def send_reply(self, answer):
        self.server.sendto(bytes(answer), ("2001:db8:100::1", 547))
