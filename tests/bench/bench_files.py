# SPDX-License-Identifier: ISC
"""What file traffic costs, and what it costs the machines that ask by DHCPv6 meanwhile.

The relay's namespace of a DhcpSite downloads one large file from bootd, by HTTP or TFTP and by many clients
at a time, while one prober sends a Solicit every 5 ms. bootd and the prober run with real-time priority, so
that the figures are those of bootd's loop and not of whatever else runs on this machine.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

from bench.dhcp_site import SERVER, SERVERS, dhcp_site
from lab.topology import program

LOAD = Path(__file__).parent / "file_load.py"
LOADS = "idle,http:50,http:500,tftp:50:1,tftp:50:16,tftp:200:16"
FILE_MIB = 64


def bootd_files(directory, subnets, hosts):
    root = directory / "root"
    root.mkdir()
    (root / "big").write_bytes(os.urandom(1 << 20) * FILE_MIB)
    path = directory / "bootd.conf"
    path.write_text(f'''control = "{directory}/bootd.sock"
root = "{root}"
key = "a key for the benchmark"
server-duid-file = "{directory}/bootd.duid"
client-rate = 0
tftp {{}}
http {{}}
subnet "2001:db8:1::/64" {{}}
''')
    return [program("netboot6-bootd"), "-f", "-q", "-c", path], {}


def measure(site, server, load, seconds):
    begin = ["ip", "netns", "exec", site.relay.full_name]
    words = load.split(":")
    client = None
    if words[0] != "idle":
        argv = ["taskset", "-c", "0", "python3", LOAD, seconds, *words, SERVER, "big"]
        client = subprocess.Popen(begin + list(map(str, argv)), stdout=subprocess.PIPE, text=True)
    cpu = server.cpu_s()
    argv = ["chrt", "-f", "50", "python3", LOAD, seconds - 1, "solicit", SERVER]
    probe = subprocess.run(begin + list(map(str, argv)), stdout=subprocess.PIPE, text=True, check=True)
    octets = json.loads(client.communicate()[0])["octets"] if client else 0
    cpu = server.cpu_s() - cpu
    return json.loads(probe.stdout), octets / seconds / (1 << 20), cpu / (octets / (1 << 30)) if octets else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loads", default=LOADS, help="idle, http:CLIENTS, tftp:CLIENTS:WINDOW, ...")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    SERVERS["bootd-files"] = bootd_files
    with dhcp_site() as site:
        # Each client has an address of its own, as machines do.
        site.relay.run("ip", "-6", "route", "add", "local", "2001:db8:100:1::/64", "dev", "lo")
        site.relay.run("sysctl", "-qw", "net.ipv6.ip_nonlocal_bind=1")
        server = site.start("bootd-files", 1)
        subprocess.run(["chrt", "-f", "-a", "-p", "40", str(server.process.pid)], check=True)
        print("| load | Solicit to Advertise: median, ms | p99 | most | MiB/s | CPU s per GiB |\n" + "|---" * 6 + "|")
        for load in options.loads.split(","):
            probe, rate, cpu = measure(site, server, load, options.seconds)
            cells = [load, *(f"{probe[key] / 1000:.2f}" for key in ("p50_us", "p99_us", "most_us"))]
            print("| " + " | ".join([*cells, f"{rate:.0f}", f"{cpu:.2f}"]) + " |", flush=True)
        server.stop()


if __name__ == "__main__":
    main()
