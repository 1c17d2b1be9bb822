# SPDX-License-Identifier: ISC
"""Debian in a directory, and commands and a whole systemd in it.

A Tree is a Debian with some packages more, made by mmdebstrap. It is kept in the cache
(NB6_CACHE, else /var/cache/netboot6-tests), is made again when its list of packages changes, and
is never written to: what runs in it writes to memory.

    tree = make_tree("bookworm", "build", ["build-essential", "debhelper"])
    done = tree.run("dpkg --version")               # a command, without a network
    host = Container(lab, namespace, tree)           # systemd as PID 1, in a Namespace
    host.systemctl("start", "netboot6-relayd")

systemd-nspawn does the work. It registers with no machine manager, so the host's init does not
matter.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from lab.netns import missing_programs, run, why_no_namespaces
from lab.packages import cache_directory
from lab.process import Process, wait_for

NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--volatile=overlay")
# The host may have cgroups of version 1, which newer systemd refuses.
NSPAWN_ENV = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
MAX_AGE_S = 14 * 86400  # then a tree is made again, with Debian's updates


def why_no_containers():
    """None if trees can be made and used here, else the reason."""
    missing = missing_programs("mmdebstrap", "systemd-nspawn", "nsenter")
    if missing:
        return f"programs are missing: {', '.join(missing)} (packages mmdebstrap, systemd-container)"
    return why_no_namespaces()


def make_tree(suite, name, packages, architectures=()):
    """The Tree of that name, from the cache if it has these packages. architectures: the host's and
    one more, whose packages are named "libevent-dev:arm64"."""
    words = sorted(packages)
    mark = hashlib.sha256(" ".join(words).encode()).hexdigest()
    final = cache_directory() / "debian" / f"{suite}-{name}"
    stamp = final / ".netboot6-packages"
    if stamp.exists() and stamp.read_text() == mark:
        if time.time() - stamp.stat().st_mtime < MAX_AGE_S:
            return Tree(suite, final)
    shutil.rmtree(final, ignore_errors=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent) as scratch:
        made = Path(scratch, "tree")
        argv = ("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase")
        if architectures:
            argv += (f"--architectures={','.join(architectures)}",)
        run(*argv, f"--include={','.join(words)}", suite, made, _mirror(), timeout=900)
        (made / stamp.name).write_text(mark)
        made.rename(final)
    return Tree(suite, final)


def _mirror():
    """Where the host has its Debian from."""
    done = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
               "Origin: Debian", check=False)
    mirrors = [line for line in done.stdout.splitlines() if not line.endswith("-security/")]
    return mirrors[0] if mirrors else "http://deb.debian.org/debian"


class Tree:
    """Made by make_tree()."""

    def __init__(self, suite, root):
        self.suite = suite
        self.root = root

    def run(self, script, *binds, check=True, timeout=900, env=None, more=()):
        """A shell script as root, without a network. binds: "HOST:GUEST" directories to write to;
        more: options of systemd-nspawn."""
        argv = [*NSPAWN, f"--directory={self.root}", "--private-network", "--pipe", *more]
        argv += [f"--bind={bind}" for bind in binds]
        argv += [f"--setenv={name}={value}" for name, value in (env or {}).items()]
        argv += [f"--machine=nb6-{os.getpid()}-build", "/bin/sh", "-euc", script]
        done = subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            env={**os.environ, **NSPAWN_ENV},
        )
        if check and done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-60:])
            raise AssertionError(f"{script}: exit {done.returncode}:\n{tail}")
        return done


class Container(Process):
    """A host that runs systemd, with the network of a Namespace. Its log is its console."""

    def __init__(self, lab, namespace, tree, *binds):
        self.init = None
        argv = [*NSPAWN, f"--directory={tree.root}", "--boot", "--console=pipe"]
        argv += [f"--network-namespace-path=/run/netns/{namespace.full_name}"]
        argv += ["--capability=all", "--system-call-filter=bpf"]
        argv += [f"--bind={bind}" for bind in binds]
        argv += [f"--machine={namespace.full_name}"]
        log = lab.directory / f"{namespace.name}-console.log"
        super().__init__(f"systemd of {namespace.name}", argv, log, env=NSPAWN_ENV)
        lab.processes.append(self)
        self.init = wait_for(self._find_init, 20, lambda: f"PID 1 starts:\n{self.tail()}")
        wait_for(self._is_up, 60, lambda: f"systemd is up: {self._state()}\n{self.tail()}")

    def _find_init(self):
        """The host's process id of systemd: the child of nspawn that is PID 1 of its namespace."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        for pid in path.read_text().split():
            words = Path(f"/proc/{pid}/status").read_text().split("NSpid:")[1].splitlines()[0].split()
            if words[-1] == "1" and len(words) > 1:
                return pid
        return None

    def _state(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip()

    def _is_up(self):
        return self._state() in ("running", "degraded")

    def run(self, *argv, **options):
        """A command as root in the container."""
        enter = ("nsenter", "--target", self.init, "--all")
        return run(*enter, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                   "DEBIAN_FRONTEND=noninteractive", *argv, **options)

    def systemctl(self, *words, **options):
        return self.run("systemctl", *words, **options)

    def shows(self, unit, name):
        """A property of a unit, as text."""
        return self.systemctl("show", "--value", f"--property={name}", unit).stdout.strip()

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def write(self, path, text):
        """A file in the container."""
        self.run("sh", "-c", f"mkdir -p {shlex.quote(os.path.dirname(path))}; "
                 f"printf %s {shlex.quote(text)} > {shlex.quote(path)}")

    def await_active(self, unit):
        """Until the unit is active; a unit that failed says why."""

        def active():
            state = self.shows(unit, "ActiveState")
            assert state != "failed", f"{unit} failed:\n{self.journal(unit)}"
            return state == "active"

        wait_for(active, 20, lambda: f"{unit} is active:\n{self.journal(unit)}")

    def stop(self, limit=30.0):
        """systemd halts: SIGRTMIN+4 to PID 1 is what nspawn sends on SIGTERM."""
        return super().stop(limit)
