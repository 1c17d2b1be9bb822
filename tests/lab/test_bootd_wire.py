# SPDX-License-Identifier: ISC
"""bootd on the wire beyond boots: what RFCs around DHCPv6 ask of a server.

Messages that scapy knows nothing of are made here from octets.
"""

import socket

from lab.test_bootd import LINK, bootd, control, duid, read_options  # noqa: F401 (a fixture)
from lab.topology import SERVER, program
from lab.netns import run

ADDR_REG_INFORM, ADDR_REG_REPLY = 36, 37
IAADDR = 5


def in6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def option(code, data):
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def lifetimes(preferred, valid):
    return preferred.to_bytes(4, "big") + valid.to_bytes(4, "big")


# --- address registration, RFC 9686 ---------------------------------------------------


def test_registered_address_is_its_machines(site, bootd):  # noqa: F811
    """A system tells of its own address, through relayd: what is fetched from it is known."""
    own, clients = "2001:db8:1::77", site.clients
    (bootd.root / "hello.txt").write_text("hello")
    site.start_relayd()
    clients.address("br-1", f"{own}/64")
    clients.route("default", "via", LINK)
    sock = clients.udp_socket(own, 546)
    sock.settimeout(5)
    iaaddr = option(IAADDR, in6(own) + lifetimes(1800, 3600))
    message = bytes((ADDR_REG_INFORM, 1, 2, 3)) + bytes(duid()) + iaaddr
    sock.sendto(message, ("ff02::1:2", 547, 0, clients.ifindex("br-1")))
    reply = sock.recv(2000)
    assert reply[:4] == bytes((ADDR_REG_REPLY, 1, 2, 3)) and iaaddr in reply
    mac = clients.mac("br-1")
    bootd.wait_for_line(f"{mac} .*Addr-reg-inform.*{own} is its own for 3600 s")
    rows = control(bootd, "leases")["leases"]
    assert [(r["address"], r["machine"], r["state"]) for r in rows] == [(own, mac, "registered")]
    assert control(bootd, f"show {mac}")["registered"] == [own]
    assert clients.run("curl", "-gsS", f"http://[{SERVER}]/hello.txt").stdout == "hello"
    bootd.wait_for_line(f"{mac} HTTP /hello.txt done")
    argv = (program("netboot6/netboot6"), "--control", bootd.control, "boot", "leases")
    assert f"{own}" in run(*argv).stdout
