# SPDX-License-Identifier: ISC
"""Daemons on a machine that has been up for years: where counters of milliseconds would overflow.

In a time namespace the machine is as old as we say; the moment itself is 10 seconds after the start.
"""

import time

import pytest
from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6_Renew, DHCP6_Reply, DHCP6OptRelayMsg

from lab.bench import Bench, dropped
from lab.boot_client import Relay, X64_UEFI, address, arch, control, request_of, solicit, uuid_duid
from lab.netns import run
from lab.process import wait_for
from lab.topology import SERVER, clock_at

# Milliseconds in 32 bits, signed and unsigned.
OVERFLOWS = {"24 days": 2**31 / 1000, "49 days": 2**32 / 1000}
BEFORE_S = 10
EARLY = "52:54:00:00:00:ea"  # a machine that is not seen again after the moment
CURL = ("curl", "-sSg", "--max-time", "60", "--tftp-blksize", "512")


def uptime_of(words):
    done = run(*words, "cat", "/proc/uptime", check=False)
    return float(done.stdout.split()[0]) if done.returncode == 0 else 0


@pytest.fixture(params=OVERFLOWS.values(), ids=OVERFLOWS)
def clock(request):
    """How to start a daemon, and how many seconds are left until the moment."""
    words = clock_at(request.param - BEFORE_S)
    if abs(uptime_of(words) - request.param) > 60:
        pytest.skip("this kernel cannot set the clock of a time namespace for a command")
    end = time.monotonic() + BEFORE_S

    def left():
        return end - time.monotonic()

    return words, left


def wait_until_past(left):
    wait_for(lambda: left() < -1.5, limit=BEFORE_S + 5, what="the moment")


def expect_relayed_last(bench, message):
    """Behind what the relay has sent before."""
    bench.send(message)
    while bytes(bench.at_server()[0][DHCP6OptRelayMsg].message) != bytes(message):
        pass


def test_the_relay(site, clock):
    """It serves, repairs what the kernel drops, limits clients, and knows that a server is silent,
    whose first message is from before the moment."""
    words, left = clock
    config = f'interfaces = {{"lan*"}}\nclient-rate = 5\nserver "{SERVER}" {{}}\n'
    site.start_relayd(config=config, through=words)
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    for _ in range(100):
        bench.send(bytes(bench.solicit()))
    wait_for(lambda: dropped(site, "client-rate") > 50)
    assert left() > 0
    wait_until_past(left)
    before = dropped(site, "client-rate")
    expect_relayed_last(bench, bench.solicit())
    for _ in range(100):
        bench.send(bytes(bench.solicit()))
    wait_for(lambda: dropped(site, "client-rate") > before + 50)
    wait_for(lambda: site.ask("relayd", "servers")["servers"][0]["state"] == "silent")
    row = site.ask("relayd", "links")["links"][0]
    assert row["state"] == "ready" and 0 <= time.time() - row["since"] < 120
    site.router.ip("link", "set", "lan1", "mtu", "1200")
    site.router.ip("link", "set", "lan1", "mtu", "1500")
    site.router.address("lan1", "2001:db8:1::1/64")
    wait_for(lambda: site.router.joined("lan1"))


def test_the_boot_server(site, clock):
    words, left = clock
    root = site.lab.directory / "root"
    root.mkdir()
    content = bytes(range(256)) * 40000
    (root / "kernel").write_bytes(content)
    bootd = site.start_bootd(
        f"""
        root = "{root}"
        tftp {{ listen = "[::]:69" }}
        http {{ listen = "[::]:80" }}
        subnet "2001:db8:1::/64" {{ addresses = pool pool = "2001:db8:1::1000-2001:db8:1::1fff" }}
        boot "any" {{ url = "tftp://[{SERVER}]/kernel" arch = {{x64-uefi}} }}
        """,
        ports=(("udp", 547), ("udp", 69), ("tcp", 80)),
        through=words,
    )
    bootd.control = site.lab.directory / "bootd.sock"
    through = Relay(site)
    advertise = through.ask(solicit(arch(X64_UEFI)))
    given = address(through.ask(request_of(advertise, arch(X64_UEFI))))
    early = through.ask(solicit(arch(X64_UEFI), client=uuid_duid(1)), mac=EARLY)
    through.ask(request_of(early, arch(X64_UEFI)), mac=EARLY)
    slow = site.router.popen("slow", *CURL, "--limit-rate", "600k", "-o", site.lab.directory / "by-http",
                             f"http://[{SERVER}]/kernel")
    assert left() > 0
    wait_until_past(left)
    renewed = through.ask(request_of(advertise, kind=DHCP6_Renew))
    assert renewed.msgtype == DHCP6_Reply.msgtype.default and address(renewed) == given
    other = through.ask(solicit(arch(X64_UEFI), iaid=7), mac="52:54:00:00:00:99")
    assert other.msgtype == DHCP6_Advertise.msgtype.default and address(other) != given
    boots = {row["machine"]: row for row in control(bootd, "list")["boots"]}
    assert EARLY in boots and all(0 <= time.time() - row["last"] < 120 for row in boots.values())
    leases = {row["machine"]: row for row in control(bootd, "leases")["leases"]}
    assert EARLY in leases and all(0 < row["expires"] - time.time() <= 3600 for row in leases.values())
    fetched = site.router.run(*CURL, f"tftp://[{SERVER}]/kernel", "-o", site.lab.directory / "by-tftp")
    assert fetched.returncode == 0 and (site.lab.directory / "by-tftp").read_bytes() == content
    assert slow.popen.wait(60) == 0
