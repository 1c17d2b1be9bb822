#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make a corpus of the DHCPv6 datagrams in captures.

    tests/data/pcap_to_corpus.py tests/data/corpus/dhcp6 tests/data/captures/*.pcap

Writes the UDP payload of each datagram from or to port 546 or 547 to a file
of its own, named for the message type and the digest of the payload. Of
datagrams that differ only in what is new with each exchange (transaction id,
elapsed time, IAID, leased address) the first is kept. A datagram that the
capture has cut short is left out.
"""

import hashlib
import pathlib
import struct
import sys

from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.utils import PcapReader

PORTS = {546, 547}
TYPES = {
    1: "solicit", 2: "advertise", 3: "request", 4: "confirm", 5: "renew", 6: "rebind",
    7: "reply", 8: "release", 9: "decline", 10: "reconfigure", 11: "information-request",
    12: "relay-forward", 13: "relay-reply",
}


def payloads(path):
    """The whole DHCPv6 datagrams of one capture."""
    with PcapReader(str(path)) as packets:
        for packet in packets:
            if IPv6 not in packet or UDP not in packet:
                continue
            udp = packet[UDP]
            payload = bytes(udp)[8:udp.len]
            if not {udp.sport, udp.dport} & PORTS or len(payload) != udp.len - 8:
                continue
            yield payload


def shape(message):
    """The message with the same octets for whatever is new with each exchange."""
    header = 34 if message[0] in (12, 13) else 4
    start = message[:34] if header == 34 else message[:1]
    return start + shape_of_options(message[header:])


def shape_of_options(octets):
    out = b""
    while len(octets) >= 4:
        code, length = struct.unpack("!HH", octets[:4])
        data, octets = octets[4:4 + length], octets[4 + length:]
        if code == 9 and data:  # Relay Message
            data = shape(data)
        elif code == 8:  # Elapsed Time
            data = b""
        elif code == 3:  # IA_NA without its IAID
            data = data[4:12] + shape_of_options(data[12:])
        elif code == 5:  # IA Address without the address
            data = data[16:]
        out += struct.pack("!HH", code, len(data)) + data
    return out + octets


def file_name(payload):
    kind = TYPES.get(payload[0], f"type{payload[0]}")
    return f"{kind}-{hashlib.sha256(payload).hexdigest()[:12]}"


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    corpus = pathlib.Path(arguments[0])
    corpus.mkdir(parents=True, exist_ok=True)
    seen = set()
    for capture in arguments[1:]:
        for payload in payloads(capture):
            if not payload or shape(payload) in seen:
                continue
            seen.add(shape(payload))
            (corpus / file_name(payload)).write_bytes(payload)
    print(f"{corpus}: {len(seen)} datagrams")


if __name__ == "__main__":
    main(sys.argv[1:])
