# SPDX-License-Identifier: ISC
"""The tax on the router's forwarding path: time per IPv6 packet that it only forwards.

Measured by forward.c with no relay, and beside each relay that waits for messages and gets none. In
each round all are measured in turn, forth and back as in bench_relay.py. Two ratios to "no relay": the
median of the rounds' ratios, and that of the time which a quarter of the runs undercut, which a busy
machine moves less. Where the two differ by much, measure again.
"""

import json
import sys
from statistics import median, quantiles

from bench.relay_site import CPU, available, relay_site
from lab.netns import run
from lab.topology import program

TARGET = "2001:db8:100::ff"  # a neighbour that takes nothing: the frames have another's MAC
RELAYS = {
    "none": "no relay",
    "relayd": "**relayd**",
    "relayd-packet": "relayd `--client-mac-by packet-socket`",
    "isc": "ISC dhcrelay",
}


def add_options(parser):
    parser.add_argument("--forward-rounds", type=int, default=51)
    parser.add_argument("--forward-packets", type=int, default=50_000, help="per run")


def measure(site, relay, packets):
    """What forward.c found beside this relay."""
    process = None if relay == "none" else site.start(relay)[0]
    argv = ["-c", site.clients.full_name, "-r", site.router.full_name, "-u", CPU]
    argv += ["-m", site.router.mac("lan1"), "-f", "2001:db8:1:1::c", "-t", TARGET, "-n", packets]
    found = json.loads(run(program("tests/bench/forward"), *argv).stdout)
    if process:
        process.stop()
    assert found["samples"] > 10, f"{relay}: hardly a packet was forwarded at once: {found}"
    return found


def bench(options):
    relays = available(RELAYS)
    times = {relay: [] for relay in relays}
    lost = dict.fromkeys(relays, 0)
    with relay_site(1) as site:
        neighbour = ("lladdr", "02:00:00:00:00:ff", "dev", "core", "nud", "permanent")
        site.router.ip("-6", "neigh", "add", TARGET, *neighbour)
        for number in range(options.forward_rounds):
            for relay in relays if number % 2 else reversed(relays):
                found = measure(site, relay, options.forward_packets)
                times[relay].append(found["packet_ns"])
                lost[relay] += found["sent"] - found["forwarded"]
            print(f"forwarding, round {number + 1}", file=sys.stderr)
    print(f"\nforwarding, {options.forward_rounds} rounds of {options.forward_packets} packets\n")
    print("| beside | ns per packet | times no relay | of the quickest quarter, ns | times | lost |")
    print("|---|---|---|---|---|---|")
    quick = {relay: quantiles(times[relay])[0] for relay in relays}
    for relay in relays:
        ratio = median(ns / none for ns, none in zip(times[relay], times["none"]))
        print(
            f"| {RELAYS[relay]} | {median(times[relay]):.0f} | {ratio:.3f}"
            f" | {quick[relay]:.0f} | {quick[relay] / quick['none']:.3f} | {lost[relay]} |",
            flush=True,
        )
