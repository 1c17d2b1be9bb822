#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the seeds of fuzz_bootd, whole exchanges as captures have them, and of fuzz_bulk.

    tests/data/bootd_corpus.py tests/data/corpus/bootd tests/data/captures/*.pcap

Each capture becomes one file of {flags, length, datagram} (tests/fuzz/fuzz_bootd.c): what
clients and relays sent to port 547, in order. From the first Solicit, messages of all the
other types are made, so that each is met at least once. What no capture has is made by hand.
"""

import pathlib
import struct
import sys
from ipaddress import ip_address

from pcap_to_corpus import payloads

MULTICAST, WITH_MAC, OUR_SERVER_ID = 1, 2, 4
TO_SERVERS = {1, 3, 4, 5, 6, 8, 9, 11, 12}


def record(datagram, flags=MULTICAST | OUR_SERVER_ID):
    return struct.pack("!BH", flags, len(datagram)) + datagram


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def relayed(message, *options, peer="fe80::77", link="2001:db8:1::1"):
    """Through one relay, whose own options stand before the message."""
    head = bytes([12, 0]) + ip_address(link).packed + ip_address(peer).packed
    return head + b"".join(options) + option(9, message)


CLIENT_ID = option(1, bytes.fromhex("00030001525400123456"))


def registrations():
    """RFC 9686: an address is registered, refreshed, another one, given up, from a wrong one."""
    for own, valid, peer in (("::77", 60, "::77"), ("::77", 90, "::77"), ("::78", 60, "::78"),
                             ("::77", 0, "::77"), ("::79", 60, "::77")):
        address = ip_address("2001:db8:1" + own).packed
        inform = bytes([36, 0, 0, 1]) + CLIENT_ID
        inform += option(5, address + struct.pack("!II", valid, valid))
        yield record(relayed(inform, peer="2001:db8:1" + peer))


def options():
    """What clients may ask for, what a relay asks for and supplies (RFCs 4994, 6422, 9915)."""
    oro = option(6, struct.pack("!10H", 23, 24, 32, 65, 82, 83, 148, 14, 59, 0xFFFF))
    supplied = option(66, option(65, b"\x03erp\0") + option(23, bytes(16)))
    echo = option(43, struct.pack("!4H", 37, 9, 43, 66)) + option(37, b"\0\0\0\x09port-7")
    for kind, rest in ((1, option(14, b"")), (1, b""), (11, b"")):
        ia = b"" if kind == 11 else option(3, bytes(12))
        message = bytes([kind, 0, 0, 1]) + CLIENT_ID + ia + oro + rest
        once = relayed(message, supplied, echo)
        yield record(once)
        yield record(relayed(once, option(66, option(65, b"\x05outer\0")), echo, link="::"))


def leasequeries():
    """RFCs 5007 and 5460, of an address that was registered before: each type, whole and not."""
    own = ip_address("2001:db8:1::77").packed
    inform = bytes([36, 0, 0, 1]) + CLIENT_ID + option(5, own + struct.pack("!II", 60, 60))
    yield record(relayed(inform, option(53, b"\0\3relay"), peer="2001:db8:1::77"))
    for query in queries():
        yield record(query, 0)
        yield record(relayed(query), 0)


def queries():
    by = option(5, ip_address("2001:db8:1::77").packed + bytes(8)) + CLIENT_ID
    by += option(53, b"\0\3\x09") + option(37, b"\0\0\0\x09\7") + option(6, struct.pack("!HH", 47, 79))
    for kind in range(7):
        for link in ("::", "2001:db8:1::1", "2001:db8:77::1"):
            for options in (by, b""):
                query = option(44, bytes([kind]) + ip_address(link).packed + options)
                yield bytes([14, 0, 0, 1]) + CLIENT_ID + query


def bulk():
    """The same as a stream, in pieces (tests/fuzz/fuzz_bulk.c)."""
    stream = b"".join(struct.pack("!H", len(query)) + query for query in queries())
    for size in (7, 255):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        yield b"".join(bytes([len(piece)]) + piece for piece in pieces)
    yield b"\x06\0\4\1\0\0\0"  # a Solicit


def proxy():
    """Beside another server: what UEFI PXE and HTTP ask, and what is asked on port 4011."""
    proxied, boot_server = 16, 32
    client = option(1, bytes.fromhex("000433221100554477668899aabbccddeeff"))
    ours, other = option(2, bytes.fromhex("000300010200000000aa")), option(2, bytes(10))
    address = option(3, bytes(12) + option(5, ip_address("2001:db8:4::2000").packed + bytes(8)))
    for name in (b"PXEClient:Arch:00007:UNDI:003000", b"HTTPClient:Arch:00016", b"PXE", b""):
        text = struct.pack("!IH", 343, len(name)) + name
        firmware = option(61, b"\0\x10" if name[:1] == b"H" else b"\0\7") + option(16, text)
        yield record(bytes([1, 0, 0, 1]) + client + address + firmware, MULTICAST | proxied)
        yield record(relayed(bytes([1, 0, 0, 1]) + client + address + firmware,
                             option(18, b"vlan100"), option(37, b"\0\0\0\x09port"),
                             link="2001:db8:4::1"))
        yield record(bytes([3, 0, 0, 1]) + client + other + address, MULTICAST | proxied)
        yield record(bytes([3, 0, 0, 1]) + client + ours + firmware, proxied | boot_server)
        yield record(bytes([3, 0, 0, 1]) + client + ours + address + firmware, proxied | boot_server)


MADE = {"registration": registrations, "options": options, "leasequery": leasequeries,
        "proxy": proxy}


def main(directory, *captures):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in MADE.items():
        (directory / name).write_bytes(b"".join(make()))
    streams = directory.parent / "bulk"
    streams.mkdir(exist_ok=True)
    for number, stream in enumerate(bulk()):
        (streams / f"stream-{number}").write_bytes(stream)
    for path in map(pathlib.Path, captures):
        asked = [payload for payload in payloads(path) if payload[0] in TO_SERVERS]
        if asked:
            (directory / path.stem).write_bytes(b"".join(map(record, asked)))
        solicits = [payload for payload in asked if payload[0] == 1]
        if solicits and not (directory / "every-type").exists():
            server = bytes.fromhex("0002000a000300010200000000aa")
            rest = solicits[0][1:]
            every = [bytes([kind]) + rest + (server if kind in (3, 5, 8, 9) else b"")
                     for kind in range(0, 40)]
            flags = (MULTICAST, MULTICAST | WITH_MAC, 0)
            text = b"".join(record(message, flag) for flag in flags for message in every)
            (directory / "every-type").write_bytes(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
