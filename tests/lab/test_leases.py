# SPDX-License-Identifier: ISC
"""Leases of pools: kept over kill -9, never promised beyond what is on disk.

The store is a SQLite file, which these tests open as an operator would. Disks are small
tmpfs, filled to the last block.
"""

import contextlib
import errno
import os
import re
import signal
import sqlite3
import time
from ipaddress import ip_address

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Decline,
    DHCP6_Rebind,
    DHCP6_Release,
    DHCP6_Renew,
    DHCP6_Reply,
    DHCP6OptIAAddress,
)

from lab.boot_client import Relay, address, arch, control, duid, request_of, solicit, url
from lab.boot_client import relay as relayed
from lab.netns import run, wait_for
from lab.topology import program

LOW, HIGH = ip_address("2001:db8:1::1000"), ip_address("2001:db8:1::1fff")
LIFETIME = 300
MARGIN = 5  # for which a lease is stored longer than is promised
X64_UEFI = 7

CONF = """\
control = "{directory}/bootd.sock"
key = "a key for the laboratory"
leases = "{leases}"
{more}
subnet "2001:db8:1::/64" {{ {subnet} lifetime = "5m" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[2001:db8:100::69]/snponly.efi" }}
"""
POOL = 'addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::1fff"'
POOL_OF_ONE = 'addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::1000"'


class Server:
    """bootd with a pool, to be killed and started again; and a relay in front of it."""

    def __init__(self, site, directory=None, subnet=POOL, more=""):
        self.site = site
        self.file = (directory or site.lab.directory) / "leases.db"
        self.control = site.lab.directory / "bootd.sock"
        self.configure(subnet, more)
        self.start()
        self.relay = Relay(site)

    def configure(self, subnet, more=""):
        directory = self.site.lab.directory
        self.text = CONF.format(directory=directory, leases=self.file, subnet=subnet, more=more)

    def start(self):
        self.process = self.site.start_bootd(self.text)

    def kill(self):
        """SIGKILL; nobody may hold that against it."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.popen.wait()
        self.site.lab.processes.remove(self.process)
        self.control.unlink()

    def run(self):
        """To its end: how it refuses to start."""
        path = self.site.lab.file("refused.conf", self.text)
        return self.site.server.run(program("netboot6-bootd"), "-f", "-c", path, check=False)

    # --- machines --------------------------------------------------------------
    def ask(self, message, mac):
        return self.relay.ask(message, mac=mac)

    def advertise(self, mac):
        return self.ask(solicit(arch(X64_UEFI), client=duid(mac)), mac)

    def lease(self, mac):
        """The Reply to a Request: stored, if bootd keeps its word."""
        reply = self.ask(request_of(self.advertise(mac), arch(X64_UEFI)), mac)
        assert DHCP6_Reply in reply
        return reply

    def again(self, reply, mac, kind=DHCP6_Renew):
        return self.ask(request_of(reply, kind=kind), mac)

    def is_silent(self, message, mac):
        """It is dropped because its lease cannot be stored."""
        before = self.dropped()
        self.relay.send(relayed(message, mac=mac))
        return wait_for(lambda: self.dropped() > before, what="a dropped message")

    # --- the operator ------------------------------------------------------------
    def rows(self, columns="address, machine, state"):
        with contextlib.closing(sqlite3.connect(self.file)) as db:
            return db.execute(f"SELECT {columns} FROM lease ORDER BY address").fetchall()

    def says(self, pattern, since=0):
        return self.process.wait_for_line(pattern, since=since)

    def dropped(self):
        return control(self, "status")["dhcp"]["dropped"].get("not-stored", 0)

    def status(self):
        return control(self, "status")["leases"]


def mac_of(number):
    return f"52:54:00:00:{number // 256:02x}:{number % 256:02x}"


@pytest.fixture
def server(site):
    return Server(site)


@pytest.fixture
def disk(site):
    """A directory on a disk of 8 MiB, with fill() and empty()."""
    directory = site.lab.directory / "disk"
    directory.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "nb6-leases", directory)
    site.lab.closing.callback(lambda: run("umount", "-l", directory, check=False))
    return directory


def fill(directory):
    """Leave no room, and none in what bootd has set aside for its write-ahead log."""
    log, header, frame = directory / "leases.db-wal", 32, 24 + 4096
    used = len(log.read_bytes().rstrip(b"\0")) - header
    os.truncate(log, header + -(-used // frame) * frame)
    with (directory / "filler").open("wb", buffering=0) as filler:
        for size in (65536, 4096):
            with pytest.raises(OSError) as caught:
                while True:
                    filler.write(bytes(size))
            assert caught.value.errno == errno.ENOSPC


# --- what a lease is ------------------------------------------------------------------------


def test_lease_is_in_the_store_before_its_reply(server):
    advertise = server.advertise(mac_of(1))
    assert LOW <= ip_address(address(advertise)) <= HIGH
    assert server.rows() == []
    reply = server.ask(request_of(advertise, arch(X64_UEFI)), mac_of(1))
    assert address(reply) == address(advertise) and url(reply) == url(advertise) != ""
    assert reply[DHCP6OptIAAddress].validlft == LIFETIME
    assert server.rows() == [(address(reply), mac_of(1), "bound")]
    [(subnet, until)] = server.rows("subnet, strftime('%s', expires) - strftime('%s', 'now')")
    assert subnet == "2001:db8:1::/64" and LIFETIME - 10 < until <= LIFETIME + MARGIN + 1


def test_release_and_decline_are_in_the_store(server):
    one = server.lease(mac_of(1))
    server.again(one, mac_of(1), DHCP6_Release)
    assert server.rows() == [(address(one), mac_of(1), "released")]
    one = server.lease(mac_of(1))
    server.again(one, mac_of(1), DHCP6_Decline)
    two = server.lease(mac_of(1))
    assert address(two) != address(one)
    expected = [(address(one), mac_of(1), "declined"), (address(two), mac_of(1), "bound")]
    assert sorted(server.rows()) == sorted(expected)


def test_exhausted_pool_gives_no_url(site):
    server = Server(site, subnet=POOL_OF_ONE)
    server.lease(mac_of(1))
    answer = server.advertise(mac_of(2))
    assert address(answer) is None and url(answer) == ""


def pool_metrics(server, **labels):
    labels = {"subnet": "2001:db8:1::/64", "class": "", **labels}
    chosen = ",".join(f'{name}="{value}"' for name, value in labels.items())
    found = re.findall(rf'^netboot6_boot_pool_addresses{{{re.escape(chosen)},state="(\w+)"}} (\d+)$',
                       control(server, "metrics")["metrics"], re.M)
    return {state: int(count) for state, count in found}


def test_metrics_count_the_addresses_of_each_pool(site):
    """A class has a pool of its own; an address that a host section names is in none."""
    more = 'host "db" { mac = "52:54:00:12:ff:01"  address = "2001:db8:1::1005" }'
    classes = 'class "bmc" { group = "none"  addresses = pool  pool = "2001:db8:1::2000-2001:db8:1::20ff" }'
    server = Server(site, subnet=f"{POOL} {classes}", more=f'group "none" {{}} {more}')
    assert pool_metrics(server) == {"used": 0, "free": 0xFFF}
    for number in (1, 2, 3):
        server.lease(mac_of(number))
    assert pool_metrics(server) == {"used": 3, "free": 0xFFF - 3}
    assert pool_metrics(server, **{"class": "bmc"}) == {"used": 0, "free": 0x100}


def test_operator_sees_and_releases(site):
    server = Server(site, subnet=POOL_OF_ONE)
    one = server.lease(mac_of(1))
    netboot6 = (program("netboot6/netboot6"), "--control", server.control, "boot")
    [lease] = control(server, "leases")["leases"]
    assert (lease["address"], lease["machine"]) == (address(one), mac_of(1))
    assert (lease["state"], lease["lease"]) == ("bound", True)
    assert LIFETIME - 10 < lease["expires-in"] <= LIFETIME
    table = run(*netboot6, "leases").stdout
    assert re.search(rf"{address(one)} +{mac_of(1)} +\S+ +bound +\d+ s ago +in \d+ (min|s) ", table)
    status = control(server, "status")
    assert status["subnets"][0]["pool"] == {"size": 1, "held": 1}
    assert pool_metrics(server) == {"used": 1, "free": 0}
    assert status["leases"]["in-force"] == 1 and status["leases"]["failed-commits"] == 0
    refused = run(*netboot6, "release", "2001:db8:1::5", check=False)
    assert refused.returncode == 1 and "no lease of a pool" in refused.stderr
    run(*netboot6, "release", address(one))
    wait_for(lambda: server.rows() == [], what="the row to be removed")
    assert address(server.lease(mac_of(2))) == address(one)


# --- over an end and a start --------------------------------------------------------------------


def test_kill_9_loses_nothing(server):
    """Twenty times, with Requests under way; each Reply that came is good afterwards."""
    has = {}
    for round_ in range(20):
        for number in range(round_ * 3, round_ * 3 + 3):
            has[mac_of(number)] = server.lease(mac_of(number))
        late = mac_of(1000 + round_)
        advertise = server.advertise(late)
        server.relay.send(relayed(request_of(advertise), mac=late))  # answered or not
        server.kill()
        server.start()
        server.relay.socket.close()
        server.relay = Relay(server.site)
        for mac, reply in has.items():
            renewed = server.again(reply, mac, DHCP6_Renew if round_ % 2 else DHCP6_Rebind)
            assert address(renewed) == address(reply)
            assert renewed[DHCP6OptIAAddress].validlft == LIFETIME
    given = [address(reply) for reply in has.values()]
    assert len(set(given)) == len(given) == 60


def test_a_stop_and_a_start(server):
    one = server.lease(mac_of(1))
    server.process.stop()
    server.start()
    server.says("1 are in force")
    assert address(server.again(one, mac_of(1))) == address(one)


def test_after_the_privileges_are_gone(site):
    server = Server(site, more='user = "nobody"')
    one = server.lease(mac_of(1))
    server.kill()
    server.start()
    assert address(server.again(one, mac_of(1))) == address(one)
    assert server.rows() == [(address(one), mac_of(1), "bound")]


def test_reload_keeps_leases_and_may_add_a_pool(site):
    server = Server(site, subnet="")
    stable = address(server.lease(mac_of(1)))
    assert not LOW <= ip_address(stable) <= HIGH and not server.file.exists()
    server.configure(POOL)
    (site.lab.directory / "bootd.conf").write_text(
        f'server-duid-file = "{site.lab.directory}/bootd.duid"\n' + server.text
    )
    assert control(server, "reload")["reloaded"]
    one = server.lease(mac_of(1))
    assert LOW <= ip_address(address(one)) <= HIGH
    assert server.rows() == [(address(one), mac_of(1), "bound")]
    assert control(server, "reload")["reloaded"]
    assert address(server.again(one, mac_of(1))) == address(one)


# --- a store that cannot be written -------------------------------------------------------------


def judge_failing_store(server, stop_failing):
    """One machine has a lease, `reply`, from before; now no commit goes through."""
    one, two = mac_of(1), mac_of(2)
    reply = server.lease(one)
    request = request_of(server.advertise(two), arch(X64_UEFI))
    yield
    mark = server.process.mark()
    renewed = wait_for(lambda: _shortened(server, reply, one), what="a shorter lifetime")
    until = time.time() + renewed[DHCP6OptIAAddress].validlft
    assert server.is_silent(request, two)
    assert address(renewed) == address(reply)
    [(stored,)] = server.rows("CAST(strftime('%s', expires) AS INTEGER)")
    assert until <= stored + 1
    server.says(r"lease store .*leases\.db not writable .*no new leases")
    status = server.status()
    assert status["failed-commits"] >= 2 and status["in-force"] == 1
    assert control(server, "status")["dhcp"]["dropped"]["not-stored"] >= 1
    stop_failing()
    assert address(server.ask(request, two))
    server.says("writable again", since=mark)
    assert server.again(reply, one)[DHCP6OptIAAddress].validlft == LIFETIME
    yield


def _shortened(server, reply, mac):
    renewed = server.again(reply, mac)
    return renewed if 0 < renewed[DHCP6OptIAAddress].validlft < LIFETIME else None


def test_full_disk(site, disk):
    server = Server(site, disk)
    judgement = judge_failing_store(server, (disk / "filler").unlink)
    next(judgement)
    fill(disk)
    next(judgement)
    assert len(server.rows()) == 2


def test_killed_on_a_full_disk(site, disk):
    """It starts again, and goes on with what it has."""
    server = Server(site, disk)
    one = server.lease(mac_of(1))
    fill(disk)
    wait_for(lambda: _shortened(server, one, mac_of(1)), what="a shorter lifetime")
    assert server.is_silent(request_of(server.advertise(mac_of(2))), mac_of(2))
    server.kill()
    (disk / "filler").unlink()
    server.start()
    server.says("1 are in force")
    assert address(server.again(one, mac_of(1))) == address(one)


def test_locked_file(server):
    other = sqlite3.connect(server.file, isolation_level=None)
    judgement = judge_failing_store(server, lambda: other.execute("ROLLBACK"))
    next(judgement)
    other.execute("BEGIN IMMEDIATE")
    next(judgement)
    other.close()


# --- refused -------------------------------------------------------------------------------------


def test_read_only_disk(site, disk):
    server = Server(site, disk)
    server.lease(mac_of(1))
    server.process.stop()
    run("mount", "-o", "remount,ro", disk)
    done = server.run()
    assert done.returncode == 1 and "Read-only file system" in done.stderr
    run("mount", "-o", "remount,rw", disk)
    server.start()
    server.says("1 are in force")


def _newer(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no database" * 1000), "not a database"),
        (lambda path: os.truncate(path, path.stat().st_size - 100), "leases.db: "),
        (_newer, "version 99"),
    ],
)
def test_file_whose_contents_contradict_each_other(site, spoil, said):
    server = Server(site)
    for number in range(40):
        server.lease(mac_of(number))
    server.process.stop()
    spoil(server.file)
    done = server.run()
    assert done.returncode == 1 and said in done.stderr
    assert "replace it by a good copy" in done.stderr


def test_two_servers_with_one_file(site, server):
    other = site.lab.namespace("other")
    path = site.lab.file("other.conf", server.text.replace("bootd.sock", "other.sock"))
    done = other.run(program("netboot6-bootd"), "-f", "-c", path, check=False)
    assert done.returncode == 1 and "another netboot6-bootd" in done.stderr
