# SPDX-License-Identifier: ISC
"""Where DHCPv6 servers are measured: a relay that is tests/bench/exchanges.c, a server; and the servers.

        relay                    server
         core ────────────────── core
   2001:db8:100::1          2001:db8:100::69

Behind the relay are subnets 2001:db8:1:N::/64, known to the servers by their link-address
only. A server's files lie on a disk, not on a tmpfs: what it syncs is to cost what that costs.
"""

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path

from bench.relay_site import CPU
from lab.netns import Lab, run, wait_for
from lab.packages import unpacked
from lab.topology import CORE_ROUTER, SERVER, program

LIFETIME = 86400
URL = f"tftp://[{SERVER}]/snponly-x64.efi"


class DhcpSite:
    def __init__(self, lab):
        self.lab = lab
        self.relay = lab.namespace("relay")
        self.server = lab.namespace("server")
        lab.veth(self.relay, "core", self.server, "core")
        self.relay.address("core", f"{CORE_ROUTER}/64")
        self.server.address("core", f"{SERVER}/64")
        self.server.route("default", "via", CORE_ROUTER)
        self.starts = 0

    def start(self, name, subnets, hosts=0, directory=None):
        """Start it with this many subnets and hosts. Returns a Server; its leases are in `directory`."""
        self.starts += 1
        directory = directory or self.lab.directory / f"{name}-{self.starts}"
        directory.mkdir(exist_ok=True)
        directory.chmod(0o777)  # who gives up root must still write there
        return Server(self, name, subnets, hosts, directory)


class Server:
    """One that runs, pinned to the CPU that it is measured on."""

    def __init__(self, site, name, subnets, hosts, directory):
        self.site, self.name, self.subnets, self.directory = site, name, subnets, directory
        argv, env = SERVERS[name](directory, subnets, hosts)
        begin = time.monotonic()
        log = site.lab.directory / f"{site.server.name}-{name}.log"
        log.unlink(missing_ok=True)
        argv = ("taskset", "-c", CPU, *argv)
        self.process = site.server.popen(name, *argv, env=env, ours=name.startswith("bootd"))
        wait_for(self._ready, 600, lambda: f"{name} serves; it said:\n{self.process.tail()}")
        self.start_s = time.monotonic() - begin

    def _ready(self):
        assert self.process.running(), f"{self.name} ended at once:\n{self.process.tail()}"
        return self.site.server.listens("udp", 547)

    def load(self, count, machines=None, first=0, burst=64, inform=False):
        """One run of tests/bench/exchanges; what it found."""
        argv = [program("tests/bench/exchanges"), "-r", self.site.relay.full_name, "-a", SERVER]
        argv += ["-p", self.process.pid, "-u", CPU, "-s", self.subnets, "-b", burst]
        argv += ["-n", count, "-f", first, "-m", machines or count, *(["-i"] if inform else [])]
        return json.loads(run(*argv, timeout=3600).stdout)

    def rss_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def cpu_s(self):
        """Of all its threads, since it began."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

    def ask(self, *words):
        """What bootd says on its control socket."""
        argv = (program("netboot6/netboot6"), "--socket", self.directory / "bootd.sock", "--json")
        return json.loads(run(*argv, "boot", *words).stdout)

    def stop(self):
        self.process.stop()


@contextlib.contextmanager
def dhcp_site():
    """A DhcpSite in a lab of its own, which goes away with it."""
    with tempfile.TemporaryDirectory(prefix="netboot6-bench-", dir="/var/tmp") as directory:
        with Lab(Path(directory)) as lab:
            yield DhcpSite(lab)


# --- the servers: (directory, subnets, hosts) -> (argv, environment) --------------------------
def mac_of(machine):
    return "52:54:" + ":".join(f"{machine >> shift & 255:02x}" for shift in (24, 16, 8, 0))


def duid_of(machine):
    """As in tests/bench/exchanges.c: a DUID-UUID that ends with the machine's number."""
    return f"00043322110055447766 8899aabb{machine:08x}".replace(" ", "")


def host_address(machine, subnets):
    return f"2001:db8:1:{machine % subnets:x}::ffff:{machine:x}"


def null(directory, subnets, hosts):
    return [program("tests/bench/null_server")], {}


def bootd(addresses, quiet=True):
    def start(directory, subnets, hosts):
        conf = [
            f'control = "{directory}/bootd.sock"',
            'key = "a key for the benchmark"',
            f'leases = "{directory}/leases.db"',
            f'server-duid-file = "{directory}/bootd.duid"',
            "client-rate = 1000000",  # one sender is all the clients
            "link-rate = 1000000",
            'dns = {"2001:db8::53"}',
            f'boot "uefi" {{ arch = {{x64-uefi}}  url = "{URL}" }}',
        ]
        for n in range(subnets):
            conf.append(f'subnet "2001:db8:1:{n:x}::/64" {{ lifetime = "1d" {addresses(n, subnets)} }}')
        for machine in range(hosts):
            conf.append(f'host "h{machine}" {{ mac = "{mac_of(machine)}" }}')
        path = directory / "bootd.conf"
        path.write_text("\n".join(conf) + "\n")
        level = ["-q"] if quiet else []
        return [program("netboot6-bootd"), "-f", *level, "-c", path], {}

    return start


def stable(n, subnets):
    return ""


def pool(n, subnets):
    each = min(1 << 24, max(1 << 16, (1 << 21) // subnets))
    return f'addresses = pool pool = "2001:db8:1:{n:x}::1:0-2001:db8:1:{n:x}::{(0x10000 + each - 1) >> 16:x}:ffff"'


def kea(directory, subnets, hosts):
    subnet6 = []
    for n in range(subnets):
        prefix = f"2001:db8:1:{n:x}::"
        subnet6.append({"id": n + 1, "subnet": f"{prefix}/64", "pools": [{"pool": f"{prefix}1:0:0/96"}]})
    for machine in range(hosts):
        subnet6[machine % subnets].setdefault("reservations", []).append(
            {"hw-address": mac_of(machine), "hostname": f"h{machine}"}
        )
    conf = {
        "interfaces-config": {"interfaces": [f"core/{SERVER}"]},
        "lease-database": {"type": "memfile", "name": f"{directory}/kea.csv", "lfc-interval": 0},
        "mac-sources": ["client-link-addr-option"],
        "valid-lifetime": LIFETIME,
        "preferred-lifetime": LIFETIME * 3 // 4,
        "option-data": [
            {"name": "bootfile-url", "data": URL},
            {"name": "dns-servers", "data": "2001:db8::53"},
        ],
        "multi-threading": {"enable-multi-threading": False},
        "server-id": {"type": "EN", "enterprise-id": 1, "identifier": "0102030405", "persist": False},
        "loggers": [
            {"name": "kea-dhcp6", "severity": "WARN", "output_options": [{"output": "stdout"}]}
        ],
        "subnet6": subnet6,
    }
    path = directory / "kea.json"
    path.write_text(json.dumps({"Dhcp6": conf}))
    package = unpacked("kea-dhcp6-server")
    env = {"KEA_PIDFILE_DIR": str(directory), "KEA_LOCKFILE_DIR": str(directory)}
    return [package.program("kea-dhcp6"), "-c", path], package.env | env


def isc(directory, subnets, hosts):
    conf = [
        f"default-lease-time {LIFETIME};",
        "option dhcp6.bootfile-url code 59 = string;",
        f'option dhcp6.bootfile-url "{URL}";',
        "option dhcp6.name-servers 2001:db8::53;",
        'option dhcp6.server-id 00:02:00:00:00:01:01:02:03:04;',
        "subnet6 2001:db8:100::/64 {}",
    ]
    for n in range(subnets):
        prefix = f"2001:db8:1:{n:x}::"
        conf.append(f"subnet6 {prefix}/64 {{ range6 {prefix}1:0:0/96; }}")
    for machine in range(hosts):
        duid = duid_of(machine)
        duid = ":".join(duid[at : at + 2] for at in range(0, len(duid), 2))
        conf.append(f"host h{machine} {{ host-identifier option dhcp6.client-id {duid}; }}")
    path = directory / "dhcpd.conf"
    path.write_text("\n".join(conf) + "\n")
    leases = directory / "dhcpd6.leases"
    leases.touch()
    package = unpacked("isc-dhcp-server")
    return [package.program("dhcpd"), "-6", "-f", "-q", "--no-pid", "-cf", path, "-lf", leases, "core"], package.env


def dnsmasq(directory, subnets, hosts):
    conf = ["port=0", "user=root", "quiet-dhcp6", f"dhcp-leasefile={directory}/dnsmasq.leases"]
    conf += ["dhcp-lease-max=2000000", f"dhcp-option=option6:bootfile-url,{URL}", "dhcp-authoritative"]
    conf.append("dhcp-option=option6:dns-server,[2001:db8::53]")
    for n in range(subnets):
        prefix = f"2001:db8:1:{n:x}::"
        conf.append(f"dhcp-range={prefix}1:0:0,{prefix}1:ffff:ffff,64,{LIFETIME}")
    conf += [f"dhcp-host={mac_of(machine)},h{machine}" for machine in range(hosts)]
    path = directory / "dnsmasq.conf"
    path.write_text("\n".join(conf) + "\n")
    package = unpacked("dnsmasq-base")
    return [package.program("dnsmasq"), "-k", f"--conf-file={path}", "--pid-file="], package.env


SERVERS = {
    "null": null,
    "bootd-stable": bootd(stable),
    "bootd-pool": bootd(pool),
    "bootd-log": bootd(stable, quiet=False),
    "kea": kea,
    "isc": isc,
    "dnsmasq": dnsmasq,
}
