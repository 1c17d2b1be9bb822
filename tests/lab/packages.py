# SPDX-License-Identifier: ISC
"""Debian packages that are unpacked and not installed.

Some packages start a service as soon as they are installed, which no test should
do to a machine. They are fetched by apt-get with all they need that is not
installed, and unpacked into a cache (NB6_CACHE, else /var/cache/netboot6-tests),
once:

    dibbler = unpacked("dibbler-client")
    namespace.popen("dibbler", dibbler.program("dibbler-client"), "run", env=dibbler.env)

A package that is installed is used as it is. Where a package can be had in
neither way, PackageError says why.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.netns import missing_programs, run

PROGRAM_DIRECTORIES = ("usr/sbin", "usr/bin", "sbin", "bin", "usr/lib/systemd", "lib/systemd")


class PackageError(Exception):
    """The package cannot be had here; says why and what to do."""


class Unpacked:
    """The files of a package, below `root`; `env` is what its programs need to find libraries."""

    def __init__(self, root):
        self.root = Path(root)
        self.env = {}
        if self.root == Path("/"):
            return
        below = (path for top in ("lib", "usr/lib") for path in self.root.glob(f"{top}/**/*.so*"))
        libraries = {str(path.parent) for path in below}
        if libraries:
            self.env["LD_LIBRARY_PATH"] = ":".join(sorted(libraries))

    def program(self, name):
        """The path of a program of the package."""
        for directory in PROGRAM_DIRECTORIES:
            path = self.root / directory / name
            if path.exists():
                return path
        raise PackageError(f"there is no program {name} below {self.root}")


def cache_directory():
    cache = Path(os.environ.get("NB6_CACHE", "/var/cache/netboot6-tests"))
    cache.mkdir(parents=True, exist_ok=True)
    return cache


def is_installed(package):
    done = run("dpkg-query", "-W", "-f", "${db:Status-Status}", package, check=False)
    return done.stdout == "installed"


def unpacked(package, progress=lambda text: None, alone=False):
    """An Unpacked of a package, from the cache where it is there; alone: without what it needs."""
    _need("dpkg-query")
    if is_installed(package):
        return Unpacked("/")
    final = cache_directory() / "packages" / package
    if not final.exists():
        _need("apt-get", "dpkg-deb")
        progress(f"fetching {package} (once; it is kept in {final})")
        final.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=final.parent) as scratch:
            tree = Path(scratch, "tree")
            archives = (
                [fetch(package, scratch)] if alone else _fetch_with_needs(package, scratch)
            )
            for archive in archives:
                run("dpkg-deb", "-x", archive, tree, timeout=300)
            _keep(tree, final)
    return Unpacked(final)


def fetch(package, directory):
    """Download the archive of one package, without what it needs. Returns its path."""
    _need("apt-get", "dpkg-deb")
    options = ("-qq", "-o", "APT::Sandbox::User=root")
    done = subprocess.run(
        ["apt-get", *options, "download", package], cwd=directory, capture_output=True, text=True
    )
    archives = list(Path(directory).glob("*.deb"))
    if done.returncode != 0 or not archives:
        raise PackageError(f"apt-get download {package}: {done.stderr.strip()}")
    return archives[0]


def _fetch_with_needs(package, scratch):
    archives = Path(scratch, "archives")
    (archives / "partial").mkdir(parents=True)
    options = ("-qq", "-y", "--no-install-recommends", "-o", f"Dir::Cache::archives={archives}")
    options += ("-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=true")
    done = run("apt-get", *options, "--download-only", "install", package, check=False, timeout=600)
    found = sorted(archives.glob("*.deb"))
    if done.returncode != 0 or not found:
        raise PackageError(f"apt-get --download-only install {package}: {done.stderr.strip()}")
    return found


def _keep(tree, final):
    """The last step is a rename: what is in the cache is whole. Another test may have been first."""
    try:
        tree.rename(final)
    except OSError:
        if not final.exists():
            raise
        shutil.rmtree(tree)


def _need(*programs):
    missing = missing_programs(*programs)
    if missing:
        raise PackageError(f"packages cannot be fetched: {', '.join(missing)} missing")
