# SPDX-License-Identifier: ISC
"""A reload while machines ask: nothing that was promised is lost, nobody is left without an answer.

Good and bad files in turn, by signal and by the control socket, dozens of times while hundreds
of machines get leases of a pool, renew them, and boot from stable addresses.
"""

import contextlib
import random
import signal
import sqlite3
import threading
import time

from lab.boot_client import Relay, solicit
from lab.lease_load import Load, mac_text
from lab.process import PATIENCE
from lab.topology import SERVER
from lab.netns import wait_for

MACHINES = 300
RELOADS = 40
SEED = random.randrange(1, 1 << 20)

CONF = """\
key = "a key for the laboratory"
lifetime = "{lifetime}"
subnet "2001:db8:1::/64" {{ addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::1fff" }}
subnet "2001:db8:2::/64" {{}}
{more}
"""
HOST = 'host "h{0}" {{ mac = "52:54:00:ff:00:{0:02x}"  address = "2001:db8:1::{0:x}" }}\n'
BAD = ("subnet {", 'lifetime = "soon"', 'subnet "2001:db8:1::/64" {}', 'leases = ""')


class Reloads:
    """Called while the load runs: writes another file and has it read, until there were enough."""

    def __init__(self, site, bootd, seed):
        self.site, self.bootd = site, bootd
        self.random = random.Random(seed)
        self.path = site.lab.directory / "bootd.conf"
        self.own = self.path.read_text().split("key = ", 1)[0]
        self.good = self.bad = 0

    def text(self, is_good):
        count = self.random.randrange(1, 40)
        more = "".join(HOST.format(number) for number in range(1, count))
        text = CONF.format(lifetime=self.random.choice(["5m", "1h"]), more=more)
        return self.own + text + ("" if is_good else self.random.choice(BAD))

    def done(self):
        status = self.site.ask("bootd", "status")
        return status["reloads"], status["failed-reloads"]

    def one(self):
        is_good = self.random.random() < 0.5
        before = self.done()
        self.path.write_text(self.text(is_good))
        if self.random.random() < 0.5:
            self.bootd.send_signal(signal.SIGHUP)
            wait_for(lambda: self.done() != before, 10, "the file is read")
        else:
            assert ("error" in self.site.ask("bootd", "reload")) != is_good
        self.good += is_good
        self.bad += not is_good

    def __call__(self, answered):
        if self.good + self.bad < RELOADS:
            self.one()


def test_nothing_is_lost_while_the_configuration_is_read(site):
    print(f"seed {SEED}")
    bootd = site.start_bootd(CONF.format(lifetime="5m", more=""))
    reloads = Reloads(site, bootd, SEED)
    load = Load(site.router, [SERVER])
    load.retransmit_s = 1.0 * PATIENCE
    load.run([load.solicit(number) for number in range(MACHINES)], 60, reloads)
    while reloads.good + reloads.bad < RELOADS:
        load.run([load.again(number) for number in load.promise], 60, reloads)
    assert load.most_tries <= 2
    assert len(load.promise) == MACHINES
    assert reloads.done() == (reloads.good, reloads.bad) and min(reloads.done()) > 0
    file = f"file:{site.lab.directory}/leases.db?mode=ro"
    with contextlib.closing(sqlite3.connect(file, uri=True)) as db:
        columns = "machine, address, strftime('%s', expires)"
        rows = {row[0]: row[1:] for row in db.execute(f"SELECT {columns} FROM lease")}
    drift = time.time() - time.monotonic()
    for number, (address, until) in load.promise.items():
        stored, expires = rows[mac_text(number)]
        assert stored == address
        assert int(expires) >= until + drift - 1


# --- a reload holds nobody up ------------------------------------------------------------


def test_clients_are_answered_while_a_large_configuration_is_read(site):
    """40,000 subnets and 100,000 hosts take a while to read: a thread does that."""
    hosts = "".join(
        f'host "h{n}" {{ mac = "52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}" }}\n'
        for n in range(100_000)
    )
    subnets = "".join(f'subnet "2001:db8:{n:x}::/64" {{}}\n' for n in range(40_000))
    site.start_bootd(subnets + hosts)
    through = Relay(site)
    through.ask(solicit())
    answer = {}

    def reload():
        began = time.monotonic()
        answer.update(site.ask("bootd", "reload"))
        answer["took"] = time.monotonic() - began

    asking = threading.Thread(target=reload)
    asking.start()
    waits = []
    while asking.is_alive():
        began = time.monotonic()
        through.ask(solicit())
        waits.append(time.monotonic() - began)
    asking.join()
    assert answer["reloaded"]
    print(f"{len(waits)} answers, {max(waits):.3f} s of {answer['took']:.3f} s")
    assert len(waits) > 20
    assert max(waits) < answer["took"] / 4, f"{max(waits):.3f} s of {answer['took']:.3f} s"
