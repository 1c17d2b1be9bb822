# SPDX-License-Identifier: ISC
"""The boot storm: machines by the thousand are powered on within a second, relayd and bootd between.

Played by storm.c on the clients' links of a RelaySite: each machine gets its address in four messages
and waits for each answer as clients do. The goal: each is answered within its first wait, 1 s by RFC 9915.
"""

import json

from bench.dhcp_site import SERVERS
from bench.relay_site import relay_site
from lab.netns import run
from lab.topology import program


def start_bootd(site, name):
    """The bootd of that name in tests/bench/dhcp_site.py, behind the site's relay."""
    directory = site.lab.directory / name
    directory.mkdir()
    directory.chmod(0o777)
    argv, env = SERVERS[name](directory, site.links + 1, 0)
    process = site.server.popen(name, *argv, env=env, ours=True)
    process.wait_for_line("ready: |reloaded", limit=60)
    return process, directory / "bootd.sock"


def counters(control, daemon):
    argv = (program("netboot6/netboot6"), "--control", control, "--json", daemon, "status")
    return json.loads(run(*argv).stdout)


def storm(machines, links=10, server="bootd-stable", within_ms=1000, wait_ms=1000, limit_ms=30000):
    """One storm: what the machines saw, and what the daemons' receive buffers dropped."""
    with relay_site(links, machines) as site:
        bootd, control = start_bootd(site, server)
        relayd, _ = site.start("relayd", pinned=False)
        argv = ["-c", site.clients.full_name, "-l", links, "-m", machines, "-w", within_ms]
        argv += ["-r", wait_ms, "-t", limit_ms]
        found = json.loads(run(program("tests/bench/storm"), *argv, timeout=limit_ms / 1000 + 30).stdout)
        found["bootd_drops"] = counters(control, "boot")["dhcp"]["receive-queue-drops"]
        relay = counters(site.lab.directory / "relayd.sock", "relay")
        found["relayd_drops"] = relay["receive-queue-drops"]
        relayd.stop()
        bootd.stop()
    return found


def add_options(parser):
    parser.add_argument("--machines", default="1000,10000")
    parser.add_argument("--storm-rounds", type=int, default=1)


def bench(options):
    print("\nstorm: powered on within 1 s, on 10 links, through relayd\n")
    heads = ["machines", "server", "round", "got their address", "first waits of 1 s without an answer"]
    heads += ["Solicit to Advertise: median, ms", "p99", "most", "Request to Reply: median, ms"]
    heads += ["p99", "most", "dropped in receive queues"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", flush=True)
    for machines in map(int, options.machines.split(",")):
        for server in ("bootd-log", "bootd-pool"):
            for number in range(1, options.storm_rounds + 1):
                found = storm(machines, server=server)
                both = [found["solicit"], found["request"]]
                cells = [machines, server, number, found["done"], sum(x["in_vain"] for x in both)]
                for one in both:
                    cells += [f"{one[k] / 1000:.1f}" for k in ("median_us", "p99_us", "most_us")]
                cells.append(found["bootd_drops"] + found["relayd_drops"])
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)
