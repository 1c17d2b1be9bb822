#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our codec against scapy's: what each decodes must be the same, field by field.

The datagrams are those of real firmware in tests/data/corpus/dhcp6 and random
ones that scapy builds (NB6_SEED=N repeats a run). tests/unit/codec_dump says
in JSON what our codec makes of each, and the same octets read and written
again, which must be identical.

If scapy (2.5) cannot do it, its side of the comparison is made here:

- 60 (Boot File Parameters) and 135 (Relay Source Port) have no class in
  scapy; their data is taken apart by a few lines below. 53, 82, 83 and 148
  have none either and are compared as octets.
- 68 (Virtual Subnet Selection) is left out: scapy's class reads one octet
  beyond the option.
- 79 (Client Link-Layer Address) is read by scapy for 6 octets only.
- Message types above 11 that are no relay's are opaque to scapy.
- An empty Option Request at the end of a message has scapy's default in it.
- IA Address is understood by scapy within an IA_NA only.
- Malformed messages are left out: scapy guesses where we refuse.
"""

import ipaddress
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import time
import uuid

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers import dhcp6 as sc  # noqa: E402
from scapy.packet import NoPayload, Raw  # noqa: E402

RANDOM_MESSAGES = 3000
RELAYS_MAX = 9
RELAY_FORW, RELAY_REPL = 12, 13


# --- what scapy decodes, in the shape of codec_dump's JSON -----------------------


def text_of(address):
    return str(ipaddress.ip_address(address))


def hex_of(value):
    return bytes(value).hex()


# Defaults of vendors and of specifications, which many machines have.
SHARED_UUIDS = {
    uuid.UUID("03000200-0400-0500-0006-000700080009"),
    uuid.UUID("00010203-0405-0607-0809-0a0b0c0d0e0f"),
    uuid.UUID("12345678-1234-1234-1234-1234567890ab"),
}


def is_uuid_of_one_machine(octets):
    """False for one octet repeated, and for known defaults in either byte order."""
    orders = {uuid.UUID(bytes=octets), uuid.UUID(bytes_le=octets)}
    return len(set(octets)) > 1 and not orders & SHARED_UUIDS


def duid_fields(option):
    octets = bytes(option.duid)
    fields = {"duid": octets.hex()}
    if isinstance(option.duid, sc.DUID_UUID) and len(octets) == 18:
        if is_uuid_of_one_machine(octets[2:]):
            fields["uuid"] = str(option.duid.uuid)
    elif isinstance(option.duid, (sc.DUID_LL, sc.DUID_LLT)) and option.duid.hwtype == 1:
        mac = bytes.fromhex(option.duid.lladdr.replace(":", ""))
        if any(mac) and not mac[0] & 1:  # neither all zero nor a multicast address
            fields["mac"] = option.duid.lladdr
    return fields


def items_of(data):
    """The {16-bit length, octets} of an option that scapy leaves whole."""
    items = []
    while data:
        length = int.from_bytes(data[:2], "big")
        items.append(data[2:2 + length].hex())
        data = data[2 + length:]
    return items


FIELDS = {
    1: duid_fields,
    2: duid_fields,
    3: lambda o: {"iaid": o.iaid, "t1": o.T1, "t2": o.T2, "options": options_of(o.ianaopts)},
    5: lambda o: {"address": text_of(o.addr), "preferred": o.preflft, "valid": o.validlft,
                  "options": options_of(o.iaaddropts)},
    6: lambda o: {"codes": list(o.reqopts) if o.optlen else []},
    7: lambda o: {"value": o.prefval},
    8: lambda o: {"value": o.elapsedtime},
    9: lambda o: {"message": message_of(o.message)},
    13: lambda o: {"status": o.statuscode, "text": hex_of(o.statusmsg)},
    15: lambda o: {"items": [hex_of(i.data) for i in o.userclassdata]},
    16: lambda o: {"enterprise": o.enterprisenum, "items": [hex_of(i.data) for i in o.vcdata]},
    37: lambda o: {"enterprise": o.enterprisenum, "id": hex_of(o.remoteid)},
    60: lambda o: {"items": items_of(o.data)},
    61: lambda o: {"codes": list(o.archtypes)},
    62: lambda o: {"type": o.iitype, "major": o.iimajor, "minor": o.iiminor},
    79: lambda o: {"hw_type": o.lltype, "address": o.clladdr.replace(":", "")},
    135: lambda o: {"value": int.from_bytes(o.data, "big")},
}


def option_of(layer):
    if layer.optcode in FIELDS:
        fields = FIELDS[layer.optcode](layer)
    else:
        fields = {"data": layer.original[4:4 + layer.optlen].hex()}
    return {"code": layer.optcode, **fields}


def options_of(layers):
    """scapy has one option as the payload of another, also within its lists."""
    options = []
    for layer in layers:
        while not isinstance(layer, NoPayload):
            assert not isinstance(layer, Raw), f"scapy does not decode {layer.load.hex()}"
            options.append(option_of(layer))
            layer = layer.payload
    return options


def message_of(layer):
    if layer.msgtype in (RELAY_FORW, RELAY_REPL):
        return {"type": layer.msgtype, "hop_count": layer.hopcount,
                "link_address": text_of(layer.linkaddr),
                "peer_address": text_of(layer.peeraddr),
                "options": options_of([layer.payload])}
    return {"type": layer.msgtype, "xid": layer.trid, "options": options_of([layer.payload])}


def relays_of(message):
    """How many Relay-forwards lie around the client's message; None: no such chain."""
    relays = 0
    while message["type"] in (RELAY_FORW, RELAY_REPL):
        inner = [o["message"] for o in message["options"] if o["code"] == 9]
        if message["type"] == RELAY_REPL or relays == RELAYS_MAX or not inner:
            return None
        relays += 1
        message = inner[0]
    return relays


# --- random messages -----------------------------------------------------------


class Maker:
    """Well-formed messages of all that scapy can build."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def octets(self, least=0, most=40):
        return self.random.randbytes(self.random.randint(least, most))

    def number(self, bits):
        return self.random.choice([0, 1, (1 << bits) - 1, self.random.getrandbits(bits)])

    def address(self):
        return str(ipaddress.IPv6Address(self.random.choice(
            [0, 1, self.random.getrandbits(128), 0x20010db8 << 96 | self.random.getrandbits(8)])))

    def mac(self):
        return ":".join(f"{octet:02x}" for octet in self.random.randbytes(6))

    def duid(self):
        hw_type = self.random.choice([1, 1, 6, 32])
        return self.random.choice([
            lambda: sc.DUID_LLT(hwtype=hw_type, timeval=self.number(32), lladdr=self.mac()),
            lambda: sc.DUID_EN(enterprisenum=self.number(32), id=self.octets(1, 124)),
            lambda: sc.DUID_LL(hwtype=hw_type, lladdr=self.mac()),
            lambda: sc.DUID_UUID(uuid=uuid.UUID(int=self.number(128))),
            lambda: Raw(b"\0\x63" + self.octets(1, 128)),
        ])()

    def some(self, make, most=4):
        return [make() for _ in range(self.random.randint(0, most))]

    def status(self):
        return sc.DHCP6OptStatusCode(statuscode=self.number(16), statusmsg=self.octets())

    def ia_address(self):
        return sc.DHCP6OptIAAddress(
            addr=self.address(), preflft=self.number(32), validlft=self.number(32),
            iaaddropts=self.some(self.status, 1))

    def ia_na(self):
        suboption = self.random.choice([self.ia_address, self.ia_address, self.status])
        return sc.DHCP6OptIA_NA(
            iaid=self.number(32), T1=self.number(32), T2=self.number(32),
            ianaopts=self.some(suboption))

    def user_class(self):
        return sc.DHCP6OptUserClass(
            userclassdata=self.some(lambda: sc.USER_CLASS_DATA(data=self.octets())))

    def vendor_class(self):
        return sc.DHCP6OptVendorClass(
            enterprisenum=self.number(32),
            vcdata=self.some(lambda: sc.VENDOR_CLASS_DATA(data=self.octets())))

    def parameters(self):
        texts = self.some(self.octets)
        return sc.DHCP6OptUnknown(
            optcode=60, data=b"".join(len(t).to_bytes(2, "big") + t for t in texts))

    def codes(self):
        return self.some(lambda: self.number(16), 8)

    def opaque(self):
        return sc.DHCP6OptUnknown(
            optcode=self.random.choice([53, 82, 83, 148, 149, 999, 65535]), data=self.octets())

    def option(self):
        return self.random.choice([
            lambda: sc.DHCP6OptClientId(duid=self.duid()),
            lambda: sc.DHCP6OptServerId(duid=self.duid()),
            self.ia_na,
            lambda: sc.DHCP6OptOptReq(reqopts=self.codes()),
            lambda: sc.DHCP6OptPref(prefval=self.number(8)),
            lambda: sc.DHCP6OptElapsedTime(elapsedtime=self.number(16)),
            self.status,
            lambda: sc.DHCP6OptRapidCommit(),
            self.user_class,
            self.vendor_class,
            lambda: sc.DHCP6OptIfaceId(ifaceid=self.octets()),
            lambda: sc.DHCP6OptReconfAccept(),
            lambda: sc.DHCP6OptDNSServers(dnsservers=self.some(self.address)),
            lambda: sc.DHCP6OptDNSDomains(dnsdomains=["lab.example", "example"]),
            lambda: sc.DHCP6OptInfoRefreshTime(reftime=self.number(32)),
            lambda: sc.DHCP6OptRemoteID(enterprisenum=self.number(32), remoteid=self.octets()),
            lambda: sc.DHCP6OptSubscriberID(subscriberid=self.octets()),
            lambda: sc.DHCP6OptBootFileUrl(optdata=b"tftp://[2001:db8::1]/" + self.octets()),
            self.parameters,
            lambda: sc.DHCP6OptClientArchType(archtypes=self.codes()),
            lambda: sc.DHCP6OptClientNetworkInterId(
                iitype=self.number(8), iimajor=self.number(8), iiminor=self.number(8)),
            lambda: sc.DHCP6OptClientLinkLayerAddr(lltype=self.number(16), clladdr=self.mac()),
            lambda: sc.DHCP6OptUnknown(optcode=135, data=self.random.randbytes(2)),
            self.opaque,
        ])()

    def options(self, most):
        return b"".join(bytes(option) for option in self.some(self.option, most))

    def message(self):
        kind = self.random.choice([
            sc.DHCP6_Solicit, sc.DHCP6_Advertise, sc.DHCP6_Request, sc.DHCP6_Confirm,
            sc.DHCP6_Renew, sc.DHCP6_Rebind, sc.DHCP6_Reply, sc.DHCP6_Release,
            sc.DHCP6_Decline, sc.DHCP6_Reconf, sc.DHCP6_InfoRequest])
        return bytes(kind(trid=self.number(24))) + self.options(10)

    def relayed(self, message):
        kind = self.random.choice([sc.DHCP6_RelayForward] * 9 + [sc.DHCP6_RelayReply])
        relay = kind(hopcount=self.number(8), linkaddr=self.address(), peeraddr=self.address())
        inner = sc.DHCP6OptRelayMsg(message=Raw(message))
        return bytes(relay) + self.options(3) + bytes(inner) + self.options(1)

    def depth(self):
        """Deep ones are rare: scapy takes twice the time for each level."""
        return self.random.choices(
            [0, 1, 2, 3, RELAYS_MAX, RELAYS_MAX + 1], [200, 200, 120, 80, 1, 1])[0]

    def datagram(self):
        message = self.message()
        for _ in range(self.depth()):
            message = self.relayed(message)
        return message


# --- the comparison ------------------------------------------------------------


def dump(datagrams):
    """What codec_dump says of each datagram."""
    done = subprocess.run(
        ["tests/unit/codec_dump"], input="".join(d.hex() + "\n" for d in datagrams),
        stdout=subprocess.PIPE, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(datagrams), f"{len(lines)} lines for {len(datagrams)} datagrams"
    return [json.loads(line) for line in lines]


def normal(message):
    """Two ways to write an IPv6 address are one; the order of keys is none."""
    if isinstance(message, dict):
        return {key: text_of(value) if key in ("address", "link_address", "peer_address")
                and ":" in value else normal(value) for key, value in message.items()}
    if isinstance(message, list):
        return [normal(value) for value in message]
    return message


def problems_of(datagram, ours):
    theirs = message_of(sc._dhcp6_dispatcher(datagram))
    if normal(ours["message"]) != theirs:
        yield f"ours:  {json.dumps(normal(ours['message']), sort_keys=True)}"
        yield f"scapy: {json.dumps(theirs, sort_keys=True)}"
    if ours["octets"] != datagram.hex():
        yield f"written again: {ours['octets']}"
    if ours["relays"] != relays_of(theirs):
        yield f"relays: {ours['relays']}, not {relays_of(theirs)}"


def compare(what, datagrams):
    """How many differ; each difference is printed."""
    wrong = 0
    for datagram, ours in zip(datagrams, dump(datagrams)):
        problems = list(problems_of(datagram, ours))
        if problems:
            print(f"{what} {datagram.hex()}", *problems, sep="\n  ")
            wrong += 1
    print(f"{what}: {len(datagrams)} compared, {wrong} differ")
    return wrong


def firmware_datagrams():
    corpus = pathlib.Path(os.environ.get("srcdir", "."), "tests/data/corpus/dhcp6")
    kinds = {"solicit", "advertise", "request", "reply", "release", "decline",
             "information", "relay"}
    return [path.read_bytes() for path in sorted(corpus.iterdir())
            if path.name.split("-")[0] in kinds]


def main():
    seed = int(os.environ.get("NB6_SEED") or time.time_ns())
    print(f"NB6_SEED={seed}")
    maker = Maker(seed)
    from_firmware = firmware_datagrams()
    assert from_firmware, "no corpus"
    wrong = compare("firmware", from_firmware)
    wrong += compare("random", [maker.datagram() for _ in range(RANDOM_MESSAGES)])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
