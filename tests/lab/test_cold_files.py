# SPDX-License-Identifier: ISC
"""Boot files on a slow disk that are not in memory: only those who fetch them wait for the disk."""

import os
import socket
import statistics
import threading
import time

import pytest
from lab.cold_disk import ColdDisk
from lab.test_slow_disk import latencies
from lab.topology import CORE_ROUTER, SERVER, program

CONF = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
client-rate = 0
link-rate = 0
key = "a key for the laboratory"
dns = "2001:db8::53"
subnet "2001:db8:1::/64" {{ }}
"""
RATE = 8_000_000
COLD = 24 << 20  # 3 s of disk
PIECE = os.urandom(1 << 20)


def receive_all(sock):
    octets = 0
    while True:
        data = sock.recv(1 << 18)
        if not data:
            return octets
        octets += len(data)


class Fetch(threading.Thread):
    """A file by HTTP, in the background."""

    def __init__(self, namespace, path):
        super().__init__()
        with namespace.entered():
            self.sock = socket.socket(socket.AF_INET6)
        self.path, self.octets, self.seconds = path, 0, None

    def run(self):
        start = time.monotonic()
        self.sock.connect((SERVER, 80))
        self.sock.sendall(f"GET /{self.path} HTTP/1.0\r\nHost: [{SERVER}]\r\n\r\n".encode())
        self.octets = receive_all(self.sock)
        self.seconds = time.monotonic() - start


class TftpFetch(threading.Thread):
    def __init__(self, namespace, path, window=16):
        super().__init__()
        self.sock = namespace.udp_socket(address=CORE_ROUTER)
        self.path, self.window = path, window
        self.octets, self.seconds, self.sent_again = 0, None, 0

    def run(self):
        start, block = time.monotonic(), 0
        self.sock.settimeout(30)
        request = f"{self.path}\0octet\0blksize\0001428\0windowsize\000{self.window}\0"
        self.sock.sendto(b"\0\1" + request.encode(), (SERVER, 69))
        _, server = self.sock.recvfrom(2000)  # the OACK
        self.sock.sendto(bytes((0, 4, 0, 0)), server)
        while True:
            data = self.sock.recv(2000)
            if data[:2] != b"\0\3" or int.from_bytes(data[2:4], "big") != (block + 1) & 0xFFFF:
                self.sent_again += 1
                continue
            block += 1
            self.octets += len(data) - 4
            if block % self.window == 0 or len(data) < 1432:
                self.sock.sendto(b"\0\4" + data[2:4], server)
            if len(data) < 1432:
                break
        self.seconds = time.monotonic() - start


@pytest.fixture(name="disk")
def _disk(site):
    with ColdDisk(site.lab.directory, RATE) as disk:
        for name in ("cold-1", "cold-2"):
            with (disk.path / name).open("wb") as file:
                for _ in range(COLD >> 20):
                    file.write(PIECE)
        (disk.path / "warm").write_bytes(PIECE * 8)
        disk.chill()
        site.bootd = site.start_bootd(
            CONF.format(root=disk.path), ports=(("udp", 547), ("udp", 69), ("tcp", 80))
        )
        (disk.path / "warm").read_bytes()
        disk.slow_for(*processes_of(site.bootd))
        yield disk


def processes_of(daemon):
    """The daemon and the processes that it has started."""
    pids = [daemon.popen.pid]
    for pid in pids:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            pids += [int(child) for child in children.read().split()]
    return pids


def test_dhcp_and_warm_files_do_not_wait_for_cold_ones(site, disk):
    fetches = [Fetch(site.router, "cold-1"), TftpFetch(site.router, "cold-2")]
    for fetch in fetches:
        fetch.start()
    quiet = site.router.udp_socket(address=CORE_ROUTER)
    took = latencies(quiet)
    assert all(fetch.is_alive() for fetch in fetches)
    warm = []
    while all(fetch.is_alive() for fetch in fetches) and len(warm) < 20:
        fetch = Fetch(site.router, "warm")
        fetch.start()
        fetch.join()
        assert fetch.octets > len(PIECE) * 8
        warm.append(1000 * fetch.seconds)
    for fetch in fetches:
        fetch.join()
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    print(f"Information-requests beside cold files: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    print(f"8 MiB that are in memory, beside cold files: {statistics.median(warm):.1f} ms")
    print(f"cold files: {[f'{fetch.seconds:.1f} s' for fetch in fetches]}")
    assert fetches[0].octets > COLD and fetches[1].octets == COLD
    assert fetches[1].sent_again == 0
    assert sum(fetch.seconds for fetch in fetches) > COLD / RATE  # they did wait for the disk
    assert p50 < 2 and p99 < 20
    assert len(warm) > 3 and statistics.median(warm) < 500
