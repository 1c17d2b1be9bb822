# SPDX-License-Identifier: ISC
"""What answering costs a DHCPv6 server, in sections.

    make bench-bootd BENCH_FLAGS="--sections leases --leases 0,100000 --servers kea --rounds 9"

leases   CPU time per boot (Solicit, Advertise, Request, Reply) of new machines and of known
         ones, and per Information-request, with so many leases given already
subnets  the same with so many subnets
hosts    the same with so many hosts in the configuration
start    with a full lease store: until it serves, and what a plain read of the file takes
storm    thousands of machines that are powered on within a second: bench_storm.py

All servers of a table run at the same time, each in namespaces of its own; in each round all are
loaded (exchanges.c) in turn, forth in one round and back in the next, so that whatever else the machine
does meets them all. The ratio to the null responder (null_server.c) is taken within a round; shown are
the medians of the rounds. Bare times are of one machine.
"""

import argparse
import contextlib
import os
import platform
import sqlite3
import sys
import time
from statistics import median

from bench import bench_storm
from bench.dhcp_site import SERVERS, dhcp_site
from lab.netns import why_no_namespaces
from lab.packages import PackageError

NAMES = {
    "null": "null responder",
    "bootd-stable": "**bootd**, stable addresses",
    "bootd-pool": "**bootd**, pools, synced",
    "bootd-log": "**bootd**, stable, a line of log each",
    "kea": "Kea 2.2, memfile",
    "isc": "ISC dhcpd 4.4.3",
    "dnsmasq": "dnsmasq 2.90",
}
SLOW_S = 0.4  # of CPU time per run: who needs more gets fewer exchanges, and one round
PROBE = 256  # exchanges to find that out, of machines that come no more
PROBE_FIRST = 3_000_000
KINDS = {
    "new": "boot of a new machine",
    "known": "of a known one",
    "inform": "Information-request",
}


class Row:
    """One server: what its rounds gave, in us of CPU time."""

    def __init__(self, server):
        self.server = server
        self.times = {kind: [] for kind in KINDS}
        self.lost = 0
        self.count = self.known = 0  # exchanges per run; machines that have been there

    def prepare(self, count, leases):
        """Find out how many exchanges a run may have; have so many leases given."""
        probe_s = self.server.load(PROBE, first=PROBE_FIRST)["cpu_ns"] / 1e9
        self.count = min(count, max(PROBE, int(PROBE * SLOW_S / probe_s)))
        self.known = leases or self.count
        self.server.load(self.known if self.server.name != "null" else self.count)
        return self

    def measure(self):
        """Boots of new machines, of some that are known, and Information-requests."""
        known, count = self.known, self.count
        self.known += count
        loads = {"new": {"first": known}, "known": {"machines": known}, "inform": {"inform": True}}
        for kind, options in loads.items():
            found = self.server.load(count, **options)
            messages = count if kind == "inform" else 2 * count
            done = found["answered"] * count / messages
            self.times[kind].append(found["cpu_ns"] / done / 1000 if done else float("nan"))
            self.lost += messages - found["answered"]


def print_head(column):
    heads = [column, "server"]
    for text in KINDS.values():
        heads += [f"{text}, us", "times null"]
    heads += ["lost", "RSS, MiB"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", flush=True)


def print_rows(value, rows):
    for name, row in rows.items():
        cells = [value, NAMES[name]]
        for kind in KINDS:
            times, null = row.times[kind], rows["null"].times[kind]
            ratio = median(ours / floor for ours, floor in zip(times, null))
            answered = times[0] == times[0]  # not NaN
            cells += [f"{median(times):.1f}", f"{ratio:.2f}"] if answered else ["no answer", "-"]
        cells += [row.lost, f"{row.server.rss_kib() / 1024:.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def start_all(stack, names, subnets, hosts=0):
    servers = {}
    for name in names:
        try:
            servers[name] = stack.enter_context(dhcp_site()).start(name, subnets, hosts)
        except PackageError as why:
            print(f"{name}: SKIPPED: {why}", file=sys.stderr)
    return servers


def measure_all(options, servers, leases):
    """All rounds on servers that run, after so many leases were given by each."""
    rows = {name: Row(server).prepare(options.count, leases) for name, server in servers.items()}
    for number in range(options.rounds):
        for name in rows if number % 2 else reversed(rows):
            if number == 0 or rows[name].count == options.count:
                rows[name].measure()
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return rows


def chosen(options, leases=0):
    names = ["null", *(name for name in options.servers if name != "null")]
    if leases > 0:
        names = [name for name in names if name != "dnsmasq"]
    if leases > options.others_leases:
        names = [name for name in names if name in ("null", "bootd-stable", "bootd-pool")]
    return names


def bench_numbers(options, column, numbers, leases_of, subnets_of, hosts_of):
    """One table: a group of rows for each number."""
    print(f"\n{column}: {options.count} exchanges per run, {options.rounds} rounds\n")
    print_head(column)
    for number in map(int, numbers.split(",")):
        leases = leases_of(number)
        with contextlib.ExitStack() as stack:
            names = chosen(options, leases)
            servers = start_all(stack, names, subnets_of(number), hosts_of(number))
            print_rows(number, measure_all(options, servers, leases))


def bench_leases(options):
    bench_numbers(options, "leases", options.leases, lambda n: n, lambda _: 10, lambda _: 0)


def bench_subnets(options):
    bench_numbers(options, "subnets", options.subnets, lambda _: 0, lambda n: n, lambda _: 0)


def bench_hosts(options):
    bench_numbers(options, "hosts", options.hosts, lambda _: 0, lambda _: 10, lambda n: n)


# --- start ------------------------------------------------------------------------------
def read_file(path):
    """Seconds of CPU time for SQLite to read each column of each row of the leases."""
    begin = time.process_time()
    with contextlib.closing(sqlite3.connect(path)) as db:
        table = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()[0]
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        lengths = " + ".join(f"length({column})" for column in columns)
        db.execute(f"SELECT sum({lengths}) FROM {table}").fetchone()
    return time.process_time() - begin


def bench_start(options):
    heads = ["leases", "serves after, s", "CPU time, s", "a plain read of the file, s", "file, MiB"]
    heads += ["RSS, MiB", "octets per lease", "longest answer of 20,000, one by one, ms"]
    print("\nstart: with a lease store\n\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for leases in map(int, options.full.split(",")):
        with dhcp_site() as site:
            server = site.start("bootd-pool", 10)
            empty = server.rss_kib()
            if leases:
                server.load(leases)
            server.stop()
            again = site.start("bootd-pool", 10, directory=server.directory)
            file = server.directory / "leases.db"
            grown = (again.rss_kib() - empty) * 1024
            cells = [leases, f"{again.start_s:.2f}", f"{again.cpu_s():.2f}", f"{read_file(file):.2f}"]
            cells += [f"{file.stat().st_size / 2**20:.0f}", f"{again.rss_kib() / 1024:.0f}"]
            cells += [f"{grown / leases:.0f}" if leases else "-"]
            cells += [f"{again.load(10_000, burst=1, first=leases)['longest_ns'] / 1e6:.1f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


SECTIONS = {
    "leases": bench_leases,
    "subnets": bench_subnets,
    "hosts": bench_hosts,
    "start": bench_start,
    "storm": bench_storm.bench,
}


def parse():
    def listed(text):
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--sections", type=listed, default=list(SECTIONS), help="default: all")
    add("--servers", type=listed, default=list(SERVERS), help="which ones; default: all")
    add("--rounds", type=int, default=3)
    add("--count", type=int, default=3000, help="exchanges per run")
    add("--leases", default="0,100000,1000000")
    add("--subnets", default="1000,10000", help="10 are in the table of leases")
    add("--hosts", default="100000")
    add("--full", default="1000000", help="leases of the section start")
    add("--others-leases", type=int, default=100_000, help="with more, bootd alone is measured")
    bench_storm.add_options(parser)
    return parser.parse_args()


def main():
    options = parse()
    reason = why_no_namespaces()
    if reason:
        sys.exit(f"SKIPPED: {reason}")
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs; bursts of 64 messages")
    for name in options.sections:
        SECTIONS[name](options)


if __name__ == "__main__":
    main()
