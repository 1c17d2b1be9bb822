# SPDX-License-Identifier: ISC
"""Messages that waited leave together, and arrive one by one: on the kernel that routers have.

There a card that computes no checksums refuses such sends (EIO), which newer kernels do not.
"""

import ctypes
import fcntl
import signal
import socket
import struct

import pytest
from scapy.layers.dhcp6 import DHCP6OptRelayMsg

from firmware.router_site import TrunkBench

pytestmark = pytest.mark.in_guest

SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
SENT = "Udp6OutDatagrams"
MESSAGES = 100


def set_checksums_by_card(namespace, device, on):
    """As `ethtool -K DEVICE tx on|off`."""
    value = ctypes.create_string_buffer(struct.pack("=II", ETHTOOL_STXCSUM, on))
    request = struct.pack("16sP16x", device.encode(), ctypes.addressof(value))
    with namespace.entered(), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCETHTOOL, request)


@pytest.fixture
def without_checksums(router_site):
    set_checksums_by_card(router_site.a.namespace, "core", False)
    yield
    set_checksums_by_card(router_site.a.namespace, "core", True)


def sends_of_messages_that_waited(router_site):
    """How often UDP sent; all messages are at the server, as they were."""
    router = router_site.a
    relayd = router.start_relayd()
    router.add_vlan(10)
    router.await_state("vlan10")
    bench = TrunkBench(router_site)
    before = router.namespace.counter(SENT)
    relayd.send_signal(signal.SIGSTOP)
    expected = [bytes(bench.solicit()) for _ in range(MESSAGES)]
    for number, message in enumerate(expected):
        bench.send(message, vlan=10, src=f"fe80::c:{number:x}")
    relayd.send_signal(signal.SIGCONT)
    arrived = [bytes(bench.at_server()[0][DHCP6OptRelayMsg].message) for _ in expected]
    assert sorted(arrived) == sorted(expected)
    return router.namespace.counter(SENT) - before


def test_messages_that_waited_leave_together(router_site):
    assert sends_of_messages_that_waited(router_site) < MESSAGES


def test_without_checksum_offload_messages_leave_one_by_one(router_site, without_checksums):
    assert sends_of_messages_that_waited(router_site) == MESSAGES
