# SPDX-License-Identifier: ISC
"""The site that most stories need: client links, a router, a server.

        clients                   router                        server
  ┌──────────────────┐     ┌───────────────────┐        ┌────────────────────┐
  │  br-1 ── port-1 ─┼─────┼─ lan1             │        │                    │
  │   └ taps         │     │        forwarding │        │                    │
  │  br-2 ── port-2 ─┼─────┼─ lan2        core ┼────────┼─ core              │
  │                  │     │  netboot6-relayd  │        │   netboot6-bootd   │
  └──────────────────┘     └───────────────────┘        └────────────────────┘
   link N: 2001:db8:N::/64, router ::1   2001:db8:100::/64, router ::1, server ::69

IPv6 only. A test's clients are a Wire on br-N, or machines on taps in br-N.
The router announces itself on the client links only when start_radvd() is called.
Daemons come from the directory NB6_BUILD; they are ready when these return.
"""

import json
import os
import re
import socket
import time
from pathlib import Path

from lab.process import PATIENCE, wait_for

SERVER = "2001:db8:100::69"
CORE_ROUTER = "2001:db8:100::1"


def program(name):
    """The path of a daemon or command as it was built."""
    build = os.environ.get("NB6_BUILD")
    assert build, "NB6_BUILD must name the directory where netboot6 was built"
    path = Path(build) / name
    assert path.exists(), f"{path} is not built"
    return path


def is_sanitized(name):
    """AddressSanitizer takes memory of its own."""
    return b"__asan_init" in program(name).read_bytes()


def clock_at(uptime):
    """The words before a command for which this machine has been up for so many seconds."""
    offset = round(uptime - time.monotonic())
    return ("unshare", "--time", "--monotonic", offset, "--boottime", offset)


def _is_open(control):
    """True where somebody listens on a control socket: its file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(str(control)) == 0


class Site:
    """The drawing above, on a Lab."""

    def __init__(self, lab, client_links=1):
        self.lab = lab
        self.clients = lab.namespace("clients")
        self.router = lab.namespace("router")
        self.server = lab.namespace("server")
        self.links = []
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        lab.veth(self.router, "core", self.server, "core")
        self.router.address("core", f"{CORE_ROUTER}/64")
        self.server.address("core", f"{SERVER}/64")
        self.server.route("default", "via", CORE_ROUTER)
        for number in range(1, client_links + 1):
            self.add_client_link(number)

    def add_client_link(self, number):
        """br-N with its cable to lanN, 2001:db8:N::1/64 on the router."""
        self.clients.bridge(f"br-{number}")
        self.lab.veth(self.clients, f"port-{number}", self.router, f"lan{number}")
        self.clients.bridge_port(f"br-{number}", f"port-{number}")
        self.router.address(f"lan{number}", f"2001:db8:{number}::1/64")
        self.links.append(number)

    def capture(self):
        """Record all links."""
        for number in self.links:
            self.router.capture(f"lan{number}")
        self.server.capture("core")

    # --- daemons ------------------------------------------------------------
    def ask(self, daemon, *words):
        """What "relayd" or "bootd" answers on its control socket, as Python has JSON."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10 * PATIENCE)
            sock.connect(str(self.lab.directory / f"{daemon}.sock"))
            sock.sendall(" ".join(words).encode() + b"\n")
            return json.loads(sock.makefile().readline())

    def start_relayd(
        self, *options, interfaces="lan*", servers=(SERVER,), config=None, resolv_conf=None, as_user=None,
        through=()
    ):
        """netboot6-relayd in the router: by command line, or by the text of a relayd.conf.

        resolv_conf   a file that it shall find as /etc/resolv.conf
        as_user       not as root, but as this user with the ambient capabilities of the unit
        through       words before the command, such as those of clock_at()
        """
        sock = self.lab.directory / "relayd.sock"
        argv = [program("netboot6-relayd"), "-f", "--control", sock]
        if config is not None:
            argv += ["-c", self.lab.file("relayd.conf", config)]
        else:
            argv += ["-i", interfaces]
            for server in servers:
                argv += ["-s", server]
        if resolv_conf:  # `ip netns exec` has made a mount namespace
            bind = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
            argv = ["sh", "-c", bind, resolv_conf, *argv]
        if as_user:
            argv = self._unprivileged(as_user) + argv
        relayd = self.router.popen("relayd", *through, *argv, *options, ours=True)
        self._wait_until(relayd, lambda: _is_open(sock), "opens its control socket")
        for number in self.links:
            self._wait_until(relayd, lambda: self.router.joined(f"lan{number}"), "joins ff02::1:2")
        return relayd

    def _unprivileged(self, user):
        """The words before a command that start it as the units do with User=."""
        self.lab.directory.chmod(0o777)
        capabilities = "+net_bind_service,+net_admin,+net_raw,+bpf,+sys_admin"
        return [
            "setpriv", f"--reuid={user}", "--clear-groups", f"--inh-caps={capabilities}",
            f"--ambient-caps={capabilities}",
        ]  # fmt: skip

    def start_bootd(self, config, *options, ports=(("udp", 547),), as_user=None, through=()):
        """netboot6-bootd in the server, with the text of a bootd.conf.

        Its control socket, key, DUID and leases are in the lab's directory unless `config` says else.
        ports   the sockets that mean "ready": ("udp", 69) for TFTP, ("tcp", 80) for HTTP
        through words before the command, such as those of clock_at()
        """
        own = {
            "control": f'"{self.lab.directory}/bootd.sock"',
            "key-file": f'"{self.lab.directory}/bootd.key"',
            "client-rate": "0",  # a lab's relays ask for many machines from one address
            "leases": f'"{self.lab.directory}/leases.db"',
            "server-duid-file": f'"{self.lab.directory}/bootd.duid"',
        }
        said = set(re.findall(r"^\s*([a-z-]+)\s*=", config, re.MULTILINE))
        own = "".join(f"{name} = {value}\n" for name, value in own.items() if name not in said)
        path = self.lab.file("bootd.conf", own + config)
        argv = [program("netboot6-bootd"), "-f", "-c", path, *options]
        if as_user:
            argv = self._unprivileged(as_user) + argv
        bootd = self.server.popen("bootd", *through, *argv, ours=True)
        for protocol, port in ports:
            self._wait_until(
                bootd, lambda: self.server.listens(protocol, port), f"listens on {protocol} {port}"
            )
        control = re.findall(r'^control\s*=\s*"(.*)"', own + config, re.MULTILINE)[-1]
        if control:  # "" is none
            self._wait_until(bootd, lambda: _is_open(control), "opens its control socket")
        return bootd

    def start_radvd(self, number=1, **flags):
        """The router announces itself on link N; flags as for start_radvd_on()."""
        return self.start_radvd_on(self.router, f"lan{number}", f"2001:db8:{number}::/64", **flags)

    def start_radvd_on(
        self, namespace, device, prefix, managed=True, other=True, autonomous=True
    ):
        """A router announces itself on a link: default router, prefix, M and O flags."""
        flag = {True: "on", False: "off"}
        config = self.lab.file(
            f"radvd-{device}.conf",
            f"interface {device} {{\n"
            "\tAdvSendAdvert on;\n\tMinRtrAdvInterval 3;\n\tMaxRtrAdvInterval 10;\n"
            f"\tAdvManagedFlag {flag[managed]};\n\tAdvOtherConfigFlag {flag[other]};\n"
            f"\tprefix {prefix} {{ AdvAutonomous {flag[autonomous]}; }};\n}};\n",
        )
        pid_file = self.lab.directory / f"radvd-{device}.pid"
        argv = ("radvd", "-n", "-m", "stderr", "-C", config, "-p", pid_file)
        radvd = namespace.popen(f"radvd-{device}", *argv)
        self._wait_until(radvd, lambda: namespace.joined(device, "ff02::2"), "is ready")
        return radvd

    def _wait_until(self, process, state, what, limit=10.0):
        def reached():
            if not process.running():
                process.ours = False  # judged here, not again when the lab closes
                raise AssertionError(f"{process.name} ended at once:\n{process.tail()}")
            return state()

        wait_for(reached, limit, lambda: f"{process.name} {what}; it said:\n{process.tail()}")
