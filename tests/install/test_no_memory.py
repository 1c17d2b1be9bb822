# SPDX-License-Identifier: ISC
"""Both daemons at work while allocations fail, theirs and those of libevent, jansson, SQLite and
OpenSSL: neither ends, and when there is memory again a machine boots. It is here, and not among the
labs, because those run with AddressSanitizer, which has an allocator of its own."""

import random

import pytest

from install.client import FILE, Client
from install.debian_package import SOURCE
from install.test_boot import CONFIG
from lab.boot_client import solicit
from lab.netns import run, why_no_namespaces
from lab.topology import SERVER, Site, is_sanitized, program

pytestmark = [
    pytest.mark.skipif(bool(why_no_namespaces()), reason=str(why_no_namespaces())),
    pytest.mark.skipif(is_sanitized("netboot6-bootd"), reason="AddressSanitizer has an allocator of its own"),
]

MORE = """\
metrics {{ listen = "[::]:9548" }}
page {{ listen = "[::]:8069" }}
subnet "2001:db8:2::/64" {{ addresses = pool  pool = "2001:db8:2::1000-2001:db8:2::1fff" }}
"""
COMMANDS = ("relay status", "relay links", "relay servers", "relay metrics", "relay reload", "boot status",
            "boot list", "boot leases", "boot hosts", "boot metrics", "boot reload")  # fmt: skip


class Starved(Site):
    def __init__(self, lab):
        super().__init__(lab)
        self.switch = lab.file("fail", "\0")
        library = lab.directory / "failing_allocations.so"
        run("cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE / "tests/install/failing_allocations.c")
        through = ("env", f"LD_PRELOAD={library}", f"NB6_FAIL={self.switch}")
        root = lab.file("root/first.efi", FILE).parent
        self.add_client_link(2)
        self.relayd = self.start_relayd(
            config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n', through=through)
        self.bootd = self.start_bootd(
            CONFIG.format(root=root, server=SERVER) + MORE.format(),
            ports=(("udp", 547), ("udp", 69), ("tcp", 80)), through=through)  # fmt: skip

    def fail_one_of(self, number):
        with self.switch.open("r+b", buffering=0) as switch:
            switch.write(bytes([number]))

    def command(self, words):
        daemon = "relayd" if words.startswith("relay") else "bootd"
        run(program("netboot6/netboot6"), "--control", self.lab.directory / f"{daemon}.sock",
            *words.split(), check=False)


@pytest.mark.parametrize("one_of", [250, 60, 20])
def test_both_daemons_outlive_failing_allocations(lab, one_of):
    site = Starved(lab)
    client = Client(site)
    chance = random.Random(one_of)
    site.fail_one_of(one_of)
    for number in range(120):
        for _ in range(5):
            mac = "02:00:00:" + ":".join(f"{chance.randrange(256):02x}" for _ in range(3))
            client.send(solicit(), mac)
        port, path = chance.choice(((80, "first.efi"), (80, "none"), (9548, "metrics"), (8069, "")))
        site.server.run("curl", "-gsS", "--max-time", "2", f"http://[{SERVER}]:{port}/{path}", check=False)
        if number % 5 == 0:
            site.command(chance.choice(COMMANDS))
        if number % 20 == 0:
            site.router.ip("link", "set", "lan2", "down")
            site.router.ip("link", "set", "lan2", "up")
            site.router.ip("-6", "address", "replace", "2001:db8:2::1/64", "dev", "lan2", "nodad")
        assert site.relayd.running(), site.relayd.tail()
        assert site.bootd.running(), site.bootd.tail()
    site.fail_one_of(0)
    given, _ = client.boot()
    assert given.startswith("2001:db8:1:")
    for words in ("relay reload", "boot reload"):
        site.command(words)
    assert site.ask("bootd", "status")["reloads"] >= 1
    assert [link["state"] for link in site.ask("relayd", "links")["links"]] == ["ready", "ready"]
