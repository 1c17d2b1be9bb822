# SPDX-License-Identifier: ISC
"""Machines that boot, and the relays before them, as bootd sees them; scapy is the other codec.

    through = Relay(site)
    advertise = through.ask(solicit(arch(X64_UEFI)))
    reply = through.ask(request_of(advertise, arch(X64_UEFI)))
"""

import json
import socket
from ipaddress import ip_network

from scapy.layers.dhcp6 import (
    DHCP6_Confirm,
    DHCP6_Rebind,
    DHCP6_RelayForward,
    DHCP6_RelayReply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptClientLinkLayerAddr,
    DHCP6OptElapsedTime,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptIfaceId,
    DHCP6OptOptReq,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DHCP6OptUnknown,
    DUID_LL,
    DUID_UUID,
)

from lab.netns import link_local
from lab.topology import CORE_ROUTER, SERVER

MAC = "52:54:00:12:34:56"
SUBNET = ip_network("2001:db8:1::/64")
LINK = "2001:db8:1::1"
X64_UEFI, X64_HTTP = 7, 16

CONF = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
dns = {{"2001:db8::53"}}
preference = 255
control = "{control}"
key = "a key for the laboratory"
server-duid-file = "{state}/bootd.duid"

subnet "2001:db8:1::/64" {{}}

host "db1" {{ mac = "52:54:00:00:00:d1"  address = "2001:db8:1::d1"  set = {{"profile=db"}} }}

boot "ipxe" {{ user-class = "iPXE"  url = "http://[2001:db8:100::69]/boot.ipxe?mac=${{mac}}" }}
boot "http" {{ arch = {{x64-http}}  url = "http://[2001:db8:100::69]/uki.efi" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[2001:db8:100::69]/snponly.efi" }}
"""


# --- messages ------------------------------------------------------------------------


def code(number, data):
    return DHCP6OptUnknown(optcode=number, optlen=len(data), data=data)


def arch(number):
    return code(61, number.to_bytes(2, "big"))


def user_class(text):
    return code(15, len(text).to_bytes(2, "big") + text.encode())


def duid(mac=MAC):
    return DHCP6OptClientId(duid=DUID_LL(lladdr=mac))


def uuid_duid(last=0):
    return DHCP6OptClientId(duid=DUID_UUID(uuid=bytes(15) + bytes([1 + last])))


def ia_na(iaid=1, addresses=()):
    inner = [DHCP6OptIAAddress(addr=a, preflft=0, validlft=0) for a in addresses]
    return DHCP6OptIA_NA(iaid=iaid, T1=0, T2=0, ianaopts=inner)


def options(*parts):
    message = parts[0]
    for part in parts[1:]:
        message = message / part
    return message


def solicit(*more, client=None, iaid=1, trid=0x112233):
    ask = DHCP6OptOptReq(reqopts=[59, 60, 23, 16])
    head = (DHCP6_Solicit(trid=trid), client or duid(), DHCP6OptElapsedTime(), ia_na(iaid), ask)
    return options(*head, *more)


def request_of(advertise, *more, kind=DHCP6_Request, iaid=1):
    server = DHCP6OptServerId(duid=advertise[DHCP6OptServerId].duid)
    client = DHCP6OptClientId(duid=advertise[DHCP6OptClientId].duid)
    parts = [kind(trid=0x445566), client]
    if kind not in (DHCP6_Rebind, DHCP6_Confirm):
        parts.append(server)
    parts += [ia_na(iaid, [address(advertise)]), DHCP6OptOptReq(reqopts=[59, 23])]
    return options(*parts, *more)


def relay(message, mac=MAC, link=LINK, interface=b"vlan100", hop=0, peer=None):
    layer = DHCP6_RelayForward(hopcount=hop, linkaddr=link, peeraddr=peer or link_local(MAC))
    if interface:
        layer = layer / DHCP6OptIfaceId(ifaceid=interface)
    if mac:
        layer = layer / DHCP6OptClientLinkLayerAddr(lltype=1, clladdr=mac)
    return layer / DHCP6OptRelayMsg(message=message)


def read_options(octets):
    """[(code, data)] of a plain message, without the help of any codec."""
    found, at = [], 4
    while at < len(octets):
        number, length = (int.from_bytes(octets[at + i : at + i + 2], "big") for i in (0, 2))
        found.append((number, octets[at + 4 : at + 4 + length]))
        at += 4 + length
    assert at == len(octets)
    return found


def url(message):
    return dict(read_options(bytes(message))).get(59, b"").decode()


def address(message):
    return message[DHCP6OptIAAddress].addr if DHCP6OptIAAddress in message else None


# --- the other side ------------------------------------------------------------------


class Relay:
    """A socket that relays; it returns the unwrapped answer."""

    def __init__(self, site, port=547):
        self.socket = site.router.udp_socket(CORE_ROUTER, port)
        self.socket.settimeout(5)

    def send(self, datagram):
        self.socket.sendto(bytes(datagram), (SERVER, 547))

    def receive(self):
        data, sender = self.socket.recvfrom(65535)
        assert sender[0] == SERVER
        return DHCP6_RelayReply(data)

    def ask(self, message, **how):
        """Through one relay and back: the client's answer."""
        self.send(relay(message, **how))
        reply = self.receive()
        assert reply.peeraddr == (how.get("peer") or link_local(MAC))
        return reply[DHCP6OptRelayMsg].message

    def hears_nothing(self, datagram):
        """Not an answer to this, but to the Solicit behind it: so nothing came."""
        self.send(datagram)
        answer = self.ask(solicit(trid=0xABCDEF))
        assert answer.trid == 0xABCDEF


def control(bootd, request):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(bootd.control))
        sock.sendall(request.encode() + b"\n")
        return json.loads(sock.makefile().readline())
