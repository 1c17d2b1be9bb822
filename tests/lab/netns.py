# SPDX-License-Identifier: ISC
"""Network namespaces, the links between them, and what runs inside.

A Lab is everything that one test makes. It is filled by calls, emptied in
reverse by close(), and has a directory of its own for logs, configs and
captures. Names are unique on the host (nb6-PID-N-NAME), so labs may run side
by side; traffic never leaves them. IPv4 is not used; duplicate address
detection is off, so an address is good as soon as it is there; interfaces have
fixed MACs, made from their names.

    with Lab(directory) as lab:
        left, right = lab.namespace("left"), lab.namespace("right")
        lab.veth(left, "eth0", right, "eth0")
        left.address("eth0", "2001:db8::1/64")
        right.address("eth0", "2001:db8::2/64")
        left.run("curl", "-gf", "http://[2001:db8::2]/")
"""

import contextlib
import ctypes
import hashlib
import itertools
import os
import shutil
import socket
import subprocess
from pathlib import Path

from lab.process import Process, wait_for
from lab.wire import Wire

CLONE_NEWNET = 0x40000000
NETLINK_ROUTE = 0
RTMGRP_IPV6_IFADDR = 0x100
TCP_LISTEN = "0A"
IFA_F_TENTATIVE = 0x40

_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def run(*argv, check=True, timeout=60, **options):
    """Run a command to its end; its output is in .stdout and .stderr, as text."""
    argv = [str(arg) for arg in argv]
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
        **options,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
    return done


def fixed_mac(namespace, device):
    """A locally administered MAC that is the same at each run."""
    digest = hashlib.sha256(f"{namespace}/{device}".encode()).digest()
    return "02:" + ":".join(f"{byte:02x}" for byte in digest[:5])


def link_local(mac):
    """The EUI-64 link-local address of a MAC."""
    octets = bytearray(bytes.fromhex(mac.replace(":", "")))
    octets[0] ^= 2
    eui = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + eui)


class Namespace:
    """One network namespace; made by Lab.namespace()."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.full_name = f"nb6-{os.getpid()}-{next(_numbers)}-{name}"
        run("ip", "netns", "add", self.full_name)
        for which in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{which}.accept_dad", 0)
            self.sysctl(f"net.ipv6.conf.{which}.router_solicitations", 0)
        self.ip("link", "set", "lo", "up")

    # --- commands and programs ---------------------------------------------
    def ip(self, *args, check=True):
        return run("ip", "-n", self.full_name, *args, check=check)

    def run(self, *argv, **options):
        return run("ip", "netns", "exec", self.full_name, *argv, **options)

    def popen(self, name, *argv, env=None, ours=False):
        """Start a program here; it is stopped when the lab closes. Returns a Process."""
        log = self.lab.directory / f"{self.name}-{name}.log"
        argv = ("ip", "netns", "exec", self.full_name, *argv)
        process = Process(name, argv, log, env=env, ours=ours)
        self.lab.processes.append(process)
        return process

    def sysctl(self, key, value):
        """key as for sysctl(8); with slashes where a device's name has a dot."""
        path = key if "/" in key else key.replace(".", "/")
        with self.entered():
            Path("/proc/sys", path).write_text(f"{value}\n")

    def proc_net(self, name):
        """The rows of /proc/net/NAME, as lists of words."""
        with self.entered():
            rows = Path("/proc/thread-self/net", name).open(errors="surrogateescape")
            return [row.split() for row in rows]

    def counter(self, name):
        """One of IPv6's here, as Udp6OutDatagrams: how often UDP handed something down to IPv6."""
        return int(dict(self.proc_net("snmp6"))[name])

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace: sockets opened here stay in it."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(
            f"/run/netns/{self.full_name}", "rb"
        ) as there:
            _setns(there)
            try:
                yield self
            finally:
                _setns(home)

    def udp_socket(self, address="::", port=0, device=None):
        """A bound IPv6 UDP socket in this namespace."""
        with self.entered():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            scope = socket.if_nametoindex(device) if device else 0
            sock.bind((address, port, 0, scope))
        self.lab.closing.callback(sock.close)
        return sock

    def wire(self, device):
        """Frames in and out of a link, as scapy packets."""
        wire = Wire(self, device)
        self.lab.closing.callback(wire.close)
        return wire

    # --- links ----------------------------------------------------------------
    def up(self, device, mac=None):
        self.ip("link", "set", device, "address", mac or fixed_mac(self.name, device), "up")

    def address(self, device, address, *more, dad=False):
        """Add an address with its prefix length; more: `valid_lft 60` and the like.

        When this returns it is good, and the kernel has told everybody who listens,
        which it does a moment after `ip` is done. With dad, it is tentative first.
        """
        if dad:
            self.ip("-6", "address", "add", address, "dev", device, *more)
            return
        octets = socket.inet_pton(socket.AF_INET6, address.partition("/")[0])
        with self.entered():
            told = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
            told.bind((0, RTMGRP_IPV6_IFADDR))
        with told:
            told.settimeout(10)
            self.ip("-6", "address", "add", address, "dev", device, "nodad", *more)
            if self.is_up(device):
                while octets not in told.recv(65536):
                    pass

    def is_up(self, device):
        return "UP" in self.ip("-o", "link", "show", device).stdout.split(">")[0]

    def route(self, *args):
        self.ip("-6", "route", "add", *args)

    def bridge(self, name):
        """A plain switch: no spanning tree, no multicast snooping."""
        mac = fixed_mac(self.name, name)
        kind = ("type", "bridge", "stp_state", 0, "mcast_snooping", 0)
        self.ip("link", "add", name, "address", mac, "up", *kind)

    def bridge_port(self, bridge, device):
        self.sysctl(f"net.ipv6.conf.{device}.disable_ipv6", 1)
        self.ip("link", "set", device, "master", bridge, "up")

    def tap(self, name, bridge):
        """A tap for a virtual machine, on a bridge."""
        self.ip("tuntap", "add", "dev", name, "mode", "tap")
        self.bridge_port(bridge, name)

    def mac(self, device):
        return self.run("cat", f"/sys/class/net/{device}/address").stdout.strip()

    def ifindex(self, device):
        return int(self.run("cat", f"/sys/class/net/{device}/ifindex").stdout)

    # --- states to wait for ------------------------------------------------------
    def listens(self, protocol, port):
        """True where a socket is bound (udp) or listening (tcp) on an IPv6 port."""
        for _, local, _, state, *_ in self.proc_net(f"{protocol}6")[1:]:
            if int(local.rpartition(":")[2], 16) == port:
                if protocol == "udp" or state == TCP_LISTEN:
                    return True
        return False

    def joined(self, device, group="ff02::1:2"):
        """True where a multicast group is joined on a link."""
        wanted = socket.inet_pton(socket.AF_INET6, group).hex()
        return any(row[1:3] == [device, wanted] for row in self.proc_net("igmp6"))

    def has_address(self, address, device=None):
        """True where an address is here, or on this link, and good: not tentative."""
        wanted = socket.inet_pton(socket.AF_INET6, address).hex()
        return any(
            row[0] == wanted and device in (None, row[5]) and not int(row[4], 16) & IFA_F_TENTATIVE
            for row in self.proc_net("if_inet6")
        )

    # --- captures ------------------------------------------------------------------
    def capture(self, device, *filter_words, snaplen=0):
        """Record a link into DIRECTORY/NAMESPACE-DEVICE.pcap until the lab closes."""
        path = self.lab.directory / f"{self.name}-{device}.pcap"
        argv = ["tcpdump", "-i", device, "-s", snaplen, "-U", "--immediate-mode", "-Z", "root"]
        process = self.popen(f"tcpdump-{device}", *argv, "-w", path, *filter_words)
        process.wait_for_line("listening on")
        return path


def _setns(handle):
    if _libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Lab:
    """Namespaces and processes of one test, and a directory for what they leave."""

    def __init__(self, directory):
        self.directory = directory
        self.namespaces = []
        self.processes = []
        self.closing = contextlib.ExitStack()  # sockets and other small things

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        complaints = self.close()
        if complaints and kind is None:
            raise AssertionError("\n".join(complaints))

    def namespace(self, name):
        namespace = Namespace(self, name)
        self.namespaces.append(namespace)
        return namespace

    def veth(self, left, left_device, right, right_device):
        """A cable between two namespaces, up at both ends."""
        mac, peer_mac = fixed_mac(left.name, left_device), fixed_mac(right.name, right_device)
        peer = ("peer", "name", right_device, "address", peer_mac, "netns", right.full_name)
        left.ip("link", "add", left_device, "address", mac, "type", "veth", *peer)
        left.ip("link", "set", left_device, "up")
        right.ip("link", "set", right_device, "up")

    def file(self, name, text):
        """Write a file (a config) into the lab's directory; returns its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def close(self):
        """Stop what runs, remove what was made. Returns what our daemons did wrong, as texts."""
        complaints = []
        for process in reversed(self.processes):
            complaints += process.complaints()
        self.processes.clear()
        self.closing.close()
        for namespace in reversed(self.namespaces):
            run("ip", "netns", "delete", namespace.full_name, check=False)
        self.namespaces.clear()
        return complaints


def missing_programs(*names):
    """Those of the programs that are not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [name for name in names if not shutil.which(name, path=path)]


def why_no_namespaces():
    """None where namespaces can be made, else the reason."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = missing_programs("ip", "tcpdump")
    if missing:
        return f"programs are missing: {', '.join(missing)}"
    probe = f"nb6-{os.getpid()}-probe"
    made = run("ip", "netns", "add", probe, check=False)
    used = run("ip", "netns", "exec", probe, "true", check=False)
    run("ip", "netns", "delete", probe, check=False)
    if made.returncode != 0 or used.returncode != 0:
        return f"network namespaces cannot be used here: {(made.stderr or used.stderr).strip()}"
    return None


__all__ = [
    "Lab",
    "Namespace",
    "fixed_mac",
    "link_local",
    "missing_programs",
    "run",
    "wait_for",
    "why_no_namespaces",
]
