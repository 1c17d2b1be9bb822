# SPDX-License-Identifier: ISC
"""What relaying costs, in sections.

    make bench-relay BENCH_FLAGS="--sections messages --links 1,100 --rounds 15"

messages    CPU time per message, beside the null relay's (null_relay.c): this file
forwarding  what packets cost that the router only forwards: bench_forwarding.py
routes      relaying while the routing table churns: bench_routes.py
events      from the kernel's news to what is done about it: bench_events.py
newcomers   how long clients wait that the router does not know: bench_newcomers.py

In a round of "messages" each relay is started, loaded (load.c) and stopped, in turn, forth in one
round and back in the next, so that whatever else the machine does meets them all. The ratio to the null relay is taken
within a round; shown are the medians of the rounds. Bare times are of one machine.
"""

import argparse
import os
import platform
import sys
from pathlib import Path
from statistics import median

from bench import bench_events, bench_forwarding, bench_newcomers, bench_routes
from bench.relay_site import PACKAGES, NotStarted, available, relay_site
from lab.netns import why_no_namespaces

SLOW_US = 20  # relays that need longer per message are measured once only


def rss_kib(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cost_us(result):
    return result["cpu_ns"] / result["relayed"] / 1000 if result["relayed"] else float("nan")


class Row:
    """One relay at one number of links: what its rounds gave."""

    def __init__(self):
        self.up, self.down, self.up_ratio, self.down_ratio = [], [], [], []
        self.lost, self.flood, self.rss, self.start_s = 0, [], [], []
        self.starts = True

    def add(self, found, null):
        self.starts = found is not None
        if not self.starts:
            return
        self.up.append(cost_us(found["up"]))
        self.down.append(cost_us(found["down"]))
        self.up_ratio.append(self.up[-1] / cost_us(null["up"]))
        self.down_ratio.append(self.down[-1] / cost_us(null["down"]))
        for run in (found["up"], found["down"]):
            self.lost += max(0, run["sent"] - run["relayed"])
        self.flood.append(found["flood"]["relayed"])
        self.rss.append(found["rss_kib"])
        self.start_s.append(found["start_s"])

    def once_is_enough(self):
        return not self.starts or bool(self.up) and self.up[-1] > SLOW_US


def measure(site, relay, options):
    """The result of one run of a relay; None if it does not start, or ends early."""
    try:
        process, start_s = site.start(relay)
    except NotStarted as error:
        print(error, file=sys.stderr)
        return None
    found = site.load(process, options.messages, options.burst, options.limit_ms, options.flood)
    if not process.running():
        print(f"{relay} ended under load:\n{process.tail()}", file=sys.stderr)
        return None
    found |= {"rss_kib": rss_kib(process.pid), "start_s": start_s}
    process.stop()
    return found


def bench_links(links, relays, options):
    """All rounds at one number of links: {relay: Row}."""
    rows = {relay: Row() for relay in relays}
    with relay_site(links) as site:
        for number in range(options.rounds):
            due = [relay for relay in relays if not rows[relay].once_is_enough()]
            found = {}
            for relay in due if number % 2 else reversed(due):
                found[relay] = measure(site, relay, options)
            for relay in due:
                rows[relay].add(found[relay], found["null"])
            print(f"{links} links, round {number + 1} of {options.rounds}", file=sys.stderr)
    return rows


HEAD = (
    "| links | relay | up, us | times null | down, us | times null | lost"
    " | relayed of a burst of {flood} | RSS, MiB | start, s |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def print_rows(links, rows):
    for relay, row in rows.items():
        if not row.starts:
            print(f"| {links} | {relay} | does not start |" + " |" * 7, flush=True)
            continue
        print(
            f"| {links} | {relay} | {median(row.up):.2f} | {median(row.up_ratio):.2f}"
            f" | {median(row.down):.2f} | {median(row.down_ratio):.2f} | {row.lost}"
            f" | {median(row.flood):.0f} | {median(row.rss) / 1024:.1f}"
            f" | {median(row.start_s):.2f} |",
            flush=True,
        )


def bench_messages(options):
    relays = available(relay for relay in options.relays.split(",") if relay != "null")
    relays = ["null", *relays]
    print(f"\nbursts of {options.burst}, {options.messages} messages per run and direction,")
    print(f"{options.rounds} rounds\n")
    print(HEAD.format(flood=options.flood))
    for links in map(int, options.links.split(",")):
        print_rows(links, bench_links(links, relays, options))


SECTIONS = {
    "messages": bench_messages,
    "forwarding": bench_forwarding.bench,
    "routes": bench_routes.bench,
    "events": bench_events.bench,
    "newcomers": bench_newcomers.bench,
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sections", default=",".join(SECTIONS), help="default: %(default)s")
    parser.add_argument("--links", default="1,100,1000,4000", help="numbers of client links")
    parser.add_argument("--rounds", type=int, default=5)
    relays = ",".join(("relayd", *PACKAGES))
    parser.add_argument("--relays", default=relays, help="beside the null relay; default: %(default)s")
    parser.add_argument("--messages", type=int, default=19200, help="per run and direction")
    parser.add_argument("--burst", type=int, default=64, help="messages that wait at a time")
    parser.add_argument("--limit-ms", type=int, default=1500, help="of a run in one direction")
    parser.add_argument("--flood", type=int, default=2000)
    for section in (bench_forwarding, bench_routes, bench_events, bench_newcomers):
        section.add_options(parser)
    return parser.parse_args()


def main():
    options = parse()
    reason = why_no_namespaces()
    if reason:
        sys.exit(f"SKIPPED: {reason}")
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs")
    for name in options.sections.split(","):
        SECTIONS[name](options)


if __name__ == "__main__":
    main()
