# SPDX-License-Identifier: ISC
"""A link's frames, for tests that play a client, a server or a router.

Scapy is the codec only, independent of ours; the socket is a plain packet
socket opened inside the namespace. Frames that the namespace's own kernel sends
are not received, those of the tests themselves neither.
"""

import select
import socket
import struct
import time

from lab.process import PATIENCE

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_PROMISC = 1


class Wire:
    """Made by Namespace.wire(); closed with the lab."""

    def __init__(self, namespace, device):
        self.name = f"{namespace.name}/{device}"
        self.mac = namespace.mac(device)
        with namespace.entered():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((device, ETH_P_ALL))
            ifindex = socket.if_nametoindex(device)
        # A test plays clients with other MACs than the link's own.
        request = struct.pack("iHH8x", ifindex, PACKET_MR_PROMISC, 0)
        self.sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)

    def close(self):
        self.sock.close()

    def send(self, packet):
        """packet: a scapy packet from Ethernet upwards, or bytes"""
        self.sock.send(bytes(packet))

    def receive(self, match=lambda packet: True, limit=5.0):
        """The next frame for which match(scapy packet) is true, or None after `limit` seconds."""
        from scapy.layers.l2 import Ether

        end = time.monotonic() + limit * PATIENCE
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                return None
            frame, sender = self.sock.recvfrom(65535)
            if sender[2] == PACKET_OUTGOING:
                continue
            packet = Ether(frame)
            if match(packet):
                return packet

    def expect(self, match=lambda packet: True, limit=5.0, what="the frame"):
        """As receive(), but a missing frame fails the test."""
        packet = self.receive(match, limit)
        assert packet is not None, f"{self.name}: {what} did not come within {limit} s"
        return packet

    def drain(self):
        """Forget what has arrived so far."""
        while select.select([self.sock], [], [], 0)[0]:
            self.sock.recv(65535)
