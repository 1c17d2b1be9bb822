# SPDX-License-Identifier: ISC
"""Relaying while a full routing table comes and goes.

A steady load of messages, up and then down, is relayed twice in each round: in
peace, and while routes.c adds and deletes a table of routes, on another CPU if there is one.
The null relay gets the same: what it needs more in the churn is what the kernel's
work costs every program there (caches, a deeper table to look up in), not what relayd does.
"""

import contextlib
import json
import sys
from statistics import median

from bench.relay_site import OTHER_CPU, relay_site
from lab.netns import wait_for
from lab.topology import SERVER, program

RELAYS = {"null": "null relay", "relayd": "**relayd**"}


def add_options(parser):
    parser.add_argument("--route-rounds", type=int, default=5)
    parser.add_argument("--route-table", type=int, default=250_000, help="routes in the table")
    parser.add_argument("--route-rate", type=int, default=1000, help="messages per second")
    parser.add_argument("--route-seconds", type=float, default=1.0, help="of load, each way")


@contextlib.contextmanager
def churn(site, table, done):
    """Routes come and go within this; `done` then has what routes.c said."""
    argv = [program("tests/bench/routes"), table, "core", SERVER]
    log = site.lab.directory / f"{site.router.name}-routes.log"
    since = log.stat().st_size if log.exists() else 0
    routes = site.router.popen("routes", "taskset", "-c", OTHER_CPU, *argv)
    routes.wait_for_line("^churning", since=since)
    yield
    routes.send_signal(15)
    wait_for(lambda: not routes.running(), 60, "routes.c ends its round")
    done.append(json.loads(routes.text(since).splitlines()[-1]))


def relay(site, process, options):
    """One run of the steady load."""
    count = int(options.route_rate * options.route_seconds)
    limit_ms = int(options.route_seconds * 2000)
    interval_us = 1_000_000 // options.route_rate
    return site.load(process, count, 1, limit_ms, interval_us=interval_us)


class Row:
    def __init__(self):
        self.peace, self.churn, self.sent, self.lost = [], [], 0, 0

    def add(self, found, into):
        runs = [found["up"], found["down"]]
        relayed = sum(run["relayed"] for run in runs)
        sent = sum(run["sent"] for run in runs)
        into.append(sum(run["cpu_ns"] for run in runs) / relayed / 1000)
        self.sent += sent
        self.lost += sent - relayed


def bench(options):
    rows = {name: Row() for name in RELAYS}
    done = []
    with relay_site(1) as site:
        site.router.sysctl("net.ipv6.route.max_size", 2**31 - 1)
        for number in range(options.route_rounds):
            for name in RELAYS if number % 2 else reversed(RELAYS):
                process, _ = site.start(name)
                rows[name].add(relay(site, process, options), rows[name].peace)
                with churn(site, options.route_table, done):
                    rows[name].add(relay(site, process, options), rows[name].churn)
                process.stop()
            print(f"routes, round {number + 1}", file=sys.stderr)
    print_table(options, rows, done)


def print_table(options, rows, done):
    changes, seconds = (sum(one[key] for one in done) for key in ("changes", "seconds"))
    print(f"\nroutes: a table of {options.route_table}, {changes} changes in {seconds:.1f} s of")
    print(f"churn ({changes / seconds:.0f} per second); {options.route_rate} messages per second\n")
    print("| relay | without changes, us per message | with changes, us | more | messages | lost |")
    print("|---|---|---|---|---|---|")
    for name, row in rows.items():
        more = median(churn - peace for churn, peace in zip(row.churn, row.peace))
        print(
            f"| {RELAYS[name]} | {median(row.peace):.2f} | {median(row.churn):.2f}"
            f" | {more:.2f} | {row.sent} | {row.lost} |",
            flush=True,
        )
