# SPDX-License-Identifier: ISC
"""A PostgreSQL of the lab's own: a cluster in its directory, run in one of its namespaces.

Debian's programs, used as they are installed or unpacked from their package; no cluster
of the system's is made, started or touched. The cluster is made once per session and copied.

    database = Database(lab, namespace)
    database.start()
    database.query("SELECT count(*) FROM netboot6.lease")
"""

import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest

from lab.netns import run, wait_for
from lab.packages import PackageError, unpacked

USER = 65534  # nobody: PostgreSQL refuses to run as root
PORT = 5432
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--")
VERSIONS = ("17", "16", "15", "14")


def programs():
    """The directory of initdb and postgres, and the environment that they need."""
    for version in VERSIONS:
        here = Path("/usr/lib/postgresql", version, "bin")
        if (here / "initdb").exists():
            return here, {}
    for version in VERSIONS:
        if run("apt-cache", "show", f"postgresql-{version}", check=False).stdout:
            tree = unpacked(f"postgresql-{version}")
            return tree.root / "usr/lib/postgresql" / version / "bin", tree.env
    raise PackageError("apt knows no PostgreSQL (is this Debian? try apt-get update)")


@pytest.fixture(scope="session")
def cluster(request):
    """An empty cluster, to be copied; skips where PostgreSQL cannot be had."""
    if os.geteuid() != 0:
        pytest.skip("a cluster in a namespace needs root")
    try:
        binaries, env = programs()
    except PackageError as error:
        pytest.skip(str(error))
    above = os.environ.get("NB6_LAB_DIR") or tempfile.gettempdir()
    Path(above).mkdir(parents=True, exist_ok=True)
    parent = Path(tempfile.mkdtemp(prefix="netboot6-cluster-", dir=above))
    request.addfinalizer(lambda: shutil.rmtree(parent, ignore_errors=True))
    os.chown(parent, USER, USER)
    initdb = (binaries / "initdb", "-D", parent / "data", "-U", "netboot6", "--auth=trust")
    options = ("--no-sync", "--encoding=UTF8", "--locale=C")
    run(*AS_USER, *initdb, *options, env={**os.environ, **env}, cwd="/")
    with (parent / "data/pg_hba.conf").open("a") as rules:
        rules.write("host all all ::/0 trust\nhost replication all ::/0 trust\n")
    return parent / "data", binaries, env


class Database:
    """One server. `name` is that of its directory in the lab's."""

    def __init__(self, lab, namespace, cluster, name="database"):
        template, self.binaries, self.env = cluster
        self.lab, self.namespace, self.name = lab, namespace, name
        self.directory = lab.directory / name
        self.data = self.directory / "data"
        self.directory.mkdir()
        if template:
            shutil.copytree(template, self.data)
        self.own()
        self.process, self.port = None, PORT
        self.settings = {}

    def own(self):
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)

    def start(self, wait=True):
        settings = {
            "listen_addresses": "::",
            "unix_socket_directories": self.directory,
            "max_connections": 20,
            "fsync": "off",  # what is killed here are processes, not machines
            "shared_buffers": "16MB",
            **self.settings,
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        argv = (*AS_USER, self.binaries / "postgres", "-D", self.data, *options)
        self.process = self.namespace.popen(self.name, *argv, env=self.env)
        if wait:
            wait_for(self.answers, 20, lambda: f"PostgreSQL answers; it said:\n{self.process.tail()}")

    def answers(self):
        return self.query("SELECT 1", check=False) == [["1"]]

    def stop(self, how=signal.SIGINT):
        """SIGINT: a fast shutdown; SIGQUIT: at once, as in a crash; SIGKILL: of the postmaster."""
        self.process.send_signal(how)
        self.process.popen.wait(20)
        self.lab.processes.remove(self.process)
        if how == signal.SIGKILL:  # its children end when they see that it is gone
            wait_for(self._is_free, 20, "PostgreSQL's last process has ended")

    def _is_free(self):
        pid_file = self.data / "postmaster.pid"
        probe = ("fuser", self.data / "base/1/1259")
        if shutil.which("fuser") and run(*probe, check=False).returncode == 0:
            return False
        with self.namespace.entered(), socket.socket(socket.AF_INET6) as sock:
            refused = sock.connect_ex(("::1", self.port)) != 0
        if refused and pid_file.exists():
            pid_file.unlink()
        return refused

    def query(self, sql, check=True):
        """Rows as lists of texts."""
        psql = (self.binaries / "psql", "-XAtq", "-F", "\t", "-h", self.directory)
        options = ("-p", self.port, "-U", "netboot6", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql)
        done = run(*psql, *options, check=check, env={**os.environ, **self.env})
        if done.returncode != 0:
            return None
        return [line.split("\t") for line in done.stdout.splitlines()]
