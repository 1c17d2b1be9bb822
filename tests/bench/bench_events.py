# SPDX-License-Identifier: ISC
"""How soon relayd does what the kernel's news ask for: events.c, in one run."""

import json
from statistics import median, quantiles

from bench.relay_site import CPU, OTHER_CPU, relay_site
from lab.netns import run
from lab.topology import program

KINDS = {
    "made": "a new link is asked for: until the kernel answers that it is there",
    "joins": "the same: until ff02::1:2 is joined on it",
    "gets": "news of a link's first address: until a Solicit sent then is at the server",
    "loses": "news that one of two addresses is gone: likewise",
    "still": "no change: likewise",
}


def add_options(parser):
    parser.add_argument("--event-turns", type=int, default=300)


def bench(options):
    if CPU == OTHER_CPU:
        print("\nevents: SKIPPED: needs a second CPU, for a listener that never sleeps")
        return
    with relay_site(2) as site:
        process, _ = site.start("relayd")
        argv = ["-c", site.clients.full_name, "-r", site.router.full_name]
        argv += ["-s", site.server.full_name, "-n", options.event_turns, "-u", OTHER_CPU]
        found = json.loads(run(program("tests/bench/events"), *argv, timeout=300).stdout)
        process.stop()
    turns = found["turns"]
    print(f"\nevents, {turns} turns; of {3 * turns} Solicits right after a change {found['stale']}")
    print(f"relayed with an address of before, {found['unwanted']} relayed without an address,")
    print(f"{found['missing']} not relayed; links not joined: {found['unjoined']} of {turns}\n")
    print("| from, until | median, us | p99, us |")
    print("|---|---|---|")
    for kind, text in KINDS.items():
        us = [ns / 1000 for ns in found[kind]]
        p99 = quantiles(us, n=100)[98] if len(us) > 1 else float("nan")
        print(f"| {text} | {median(us) if us else float('nan'):.0f} | {p99:.0f} |", flush=True)
