#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write hostile DHCPv6 datagrams, each named for what is wrong with it.

    tests/data/malformed_dhcp6.py tests/data/corpus/dhcp6

Built octet by octet, not by a codec: a codec would mend them.
"""

import pathlib
import struct
import sys

SOLICIT, REPLY, RELAY_FORW, RELAY_REPL = 1, 7, 12, 13
DATAGRAM_MAX = 65527
DEEP = 65400  # room for one more wrapping in an option and in a datagram

MAC = bytes.fromhex("525400123456")
LINK = bytes.fromhex("20010db8000100000000000000000001")
PEER = bytes.fromhex("fe80000000000000505400fffe123456")
CODES = [*range(0, 69), 79, 82, 83, 135, 148, 149, 65535]


def option(code, data=b"", length=None):
    return struct.pack("!HH", code, len(data) if length is None else length) + data


def item(data, length=None):
    return struct.pack("!H", len(data) if length is None else length) + data


def message(*options, kind=SOLICIT):
    return bytes([kind]) + b"\xaa\xbb\xcc" + b"".join(options)


def relay(*options, kind=RELAY_FORW, hops=0):
    return bytes([kind, hops]) + LINK + PEER + b"".join(options)


def nest(depth, inner, kind=RELAY_FORW):
    for hops in range(depth):
        inner = relay(option(9, inner), kind=kind, hops=hops & 255)
    return inner


def deepest(wrap, inner):
    """Wrap again and again until an option is full."""
    while len(inner) < DEEP:
        inner = wrap(inner)
    return inner


IAADDR = option(5, LINK + struct.pack("!II", 60, 120))
OPTIONS = [
    option(1, b"\0\x04" + bytes(range(16))),
    option(8, b"\0\0"),
    option(3, b"\0\0\0\1" + b"\xff" * 8 + IAADDR),
    option(6, struct.pack("!4H", 59, 60, 23, 16)),
    option(62, b"\1\3\0"),
    option(61, b"\0\7"),
    option(16, struct.pack("!I", 343) + item(b"PXEClient:Arch:00007:UNDI:003000")),
    option(15, item(b"iPXE")),
]


def cut_messages():
    whole = nest(1, message(*OPTIONS))
    for length in (0, 1, 2, 17, 18, 33, 34, 35, 36, 37, 38, 39, 41, 42):
        yield f"relay-cut-at-{length}", whole[:length]
    message_alone, end = message(*OPTIONS), 4
    for length in (1, 3):
        yield f"header-cut-at-{length}", message_alone[:length]
    for one in OPTIONS:
        code = struct.unpack("!H", one[:2])[0]
        yield f"option-{code}-cut-in-code", message_alone[:end + 1]
        yield f"option-{code}-cut-in-length", message_alone[:end + 3]
        yield f"option-{code}-one-short", message_alone[:end + len(one) - 1]
        end += len(one)


def wrong_lengths():
    for length in (*range(0, 37), 130, 131, 132):
        yield f"all-options-of-{length}-zeros", message(
            *(option(code, bytes(length)) for code in CODES if code != 9))
        if length < 5:
            yield f"all-options-of-{length}-ones", message(
                *(option(code, b"\xff" * length) for code in CODES if code != 9))
    for code in (1, 3, 5, 6, 9, 13, 15, 16, 59, 79):
        yield f"option-{code}-length-65535", message(option(code, b"\0\1\0\1", 65535))
        yield f"option-{code}-length-one-more", message(option(code, b"\0\1\0\1", 5))
        yield f"option-{code}-length-one-less", message(option(code, b"\0\1\0\1", 3))
    yield "options-empty-to-the-brim", message(
        *[option(14)] * ((DATAGRAM_MAX - 4) // 4))
    yield "url-of-65000", message(option(59, b"t" * 65000))


def lying_lists():
    for code, before in ((15, b""), (60, b""), (16, struct.pack("!I", 343))):
        for name, data in (
                ("empty-items", item(b"") * 3),
                ("half-a-length", item(b"iPXE") + b"\0"),
                ("one-too-long", item(b"iPXE", 5)),
                ("one-too-short", item(b"iPXE", 3)),
                ("second-65535", item(b"iPXE") + item(b"x", 65535)),
                ("no-lengths", b"iPXE")):
            yield f"option-{code}-{name}", message(option(code, before + data))
    yield "ia-address-longer-than-ia", message(
        option(3, bytes(12) + option(5, LINK, 24)))
    yield "ia-longer-than-its-address", message(
        option(3, bytes(12) + IAADDR + b"\0"))
    yield "ia-status-cut", message(option(3, bytes(12) + option(13, b"\0")))
    yield "ia-status-in-address", message(
        option(3, bytes(12) + option(5, LINK + bytes(8) + option(13, b"\0\2no"))))
    yield "ia-in-ia", message(deepest(
        lambda inner: option(3, bytes(12) + inner), b""))
    yield "address-in-address", message(deepest(
        lambda inner: option(5, LINK + bytes(8) + inner), b""))
    yield "status-with-nul", message(option(13, b"\0\0a\0b"))
    yield "domain-label-64", message(option(24, b"\x40" + b"a" * 64 + b"\0"))
    yield "domain-pointer", message(option(24, b"\x01a\xc0\x00"))
    yield "domain-without-root", message(option(24, b"\x03lab"))


def identities():
    for length in (0, 1, 2, 3, 129, 130, 131):
        yield f"duid-of-{length}", message(option(1, b"\0\4"[:length] + bytes(max(0, length - 2))))
    yield "duid-uuid-zeros", message(option(1, b"\0\4" + bytes(16)))
    yield "duid-uuid-ones", message(option(1, b"\0\4" + b"\xff" * 16))
    yield "duid-ll-short", message(option(1, b"\0\3\0\1" + MAC[:5]))
    yield "duid-llt-long", message(option(1, b"\0\1\0\1\0\0\0\0" + MAC + b"\0"))


def nests():
    inner = message(*OPTIONS)
    for depth in (8, 9, 10, 33, 256):
        yield f"nest-of-{depth}", nest(depth, inner)
    yield "nest-to-the-brim", deepest(lambda m: nest(1, m), inner)
    yield "reply-outermost", nest(1, message(kind=REPLY), RELAY_REPL)
    yield "reply-in-nest", nest(2, nest(1, message(kind=REPLY), RELAY_REPL))
    yield "forward-in-reply", nest(1, nest(1, inner), RELAY_REPL)
    yield "relay-without-message", relay(option(18, b"eth0"))
    yield "relay-without-options", relay()
    yield "relay-with-empty-message", relay(option(9))
    yield "relay-with-two-messages", relay(option(9, inner), option(9, nest(1, inner)))
    yield "relay-message-one-more", relay(option(9, inner, len(inner) + 1))
    yield "relay-message-one-less", relay(option(9, inner, len(inner) - 1))
    yield "relay-message-65535", relay(option(9, inner, 65535))
    yield "relay-in-message", message(option(9, nest(1, inner)))
    yield "relay-in-relay-one-less", relay(option(9, nest(1, inner)[:-1]))
    yield "relay-hops-255", relay(option(9, inner), hops=255)
    yield "relay-rubbish-after", nest(1, inner) + b"\0\x12\0"
    for length in (0, 1, 2, 3, 8, 9, 22):
        yield f"relay-linklayer-of-{length}", relay(
            option(79, (b"\0\1" + MAC * 4)[:length]), option(9, inner))
    for length in (0, 3, 4, 5):
        yield f"relay-remote-id-of-{length}", relay(
            option(37, b"\0\0\1\x57r"[:length]), option(9, inner))
    yield "relay-port-of-1", relay(option(135, b"\0"), option(9, inner))


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    corpus = pathlib.Path(arguments[0])
    count = 0
    for rows in (cut_messages, wrong_lengths, lying_lists, identities, nests):
        for name, octets in rows():
            (corpus / f"malformed-{name}").write_bytes(octets)
            count += 1
    print(f"{corpus}: {count} datagrams")


if __name__ == "__main__":
    main(sys.argv[1:])
