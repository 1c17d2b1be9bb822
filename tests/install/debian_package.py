# SPDX-License-Identifier: ISC
"""The Debian packages, built from the archive of `make dist` in a clean Debian.

    packages = build("bookworm", directory)     # Packages: the .deb files, the build's log
    packages.needs()                            # what they depend on, without themselves
"""

import os
import re
import shutil
import tarfile
from pathlib import Path

from lab.netns import run

from install.chroot import make_tree

SOURCE = Path(__file__).resolve().parents[2]
LOG = "build.log"
TOOLS = ("build-essential", "debhelper", "fakeroot", "lintian")
# systemd.pc is in another package since Debian 13.
OTHER_NAMES = {"bookworm": {"systemd-dev": "systemd"}}


def build_depends(suite):
    """The names in Build-Depends of debian/control."""
    text = (SOURCE / "debian/control").read_text()
    field = re.search(r"^Build-Depends:\n((?: .*\n)+)", text, re.MULTILINE)[1]
    names = re.findall(r"^ ([a-z0-9.+-]+)", field, re.MULTILINE)
    other = OTHER_NAMES.get(suite, {})
    return [other.get(name, name) for name in names if name != "debhelper-compat"]


def archive():
    """What `make dist` gave: NB6_ARCHIVE, or the one in the build directory."""
    named = os.environ.get("NB6_ARCHIVE")
    found = [Path(named)] if named else list(Path(os.environ["NB6_BUILD"]).glob("netboot6-*.tar.xz"))
    assert found and found[0].exists(), "there is no archive: make dist"
    return found[0]


class Packages:
    """Binary packages in a directory."""

    def __init__(self, directory, log):
        self.directory = directory
        self.log = log
        self.files = sorted(directory.glob("*.deb"))

    def deb(self, name):
        return next(path for path in self.files if path.name.startswith(f"{name}_"))

    def field(self, name, field):
        return run("dpkg-deb", "--field", self.deb(name), field).stdout.strip()

    def needs(self):
        """The packages that they need from Debian."""
        names = set()
        for name in ("netboot6", "netboot6-relayd", "netboot6-bootd"):
            for clause in self.field(name, "Depends").split(","):
                names.add(re.match(r"\s*([a-z0-9.+-]+)", clause)[1])
        return sorted(name for name in names if not name.startswith("netboot6"))


def build_tree(suite):
    return make_tree(suite, "build", [*TOOLS, *build_depends(suite)])


def build(suite, directory, options="", where="netboot6", env=None, then="true"):
    """Build in `suite`, below /build/WHERE there. options: DEB_BUILD_OPTIONS; then: a command after."""
    tree = build_tree(suite)
    source = archive()
    directory.mkdir(parents=True)
    work = directory / where
    work.mkdir(parents=True)
    version = re.search(r"netboot6-(.*)\.tar\.xz", source.name)[1]
    shutil.copy(source, work / f"netboot6_{version}.orig.tar.xz")
    with tarfile.open(source) as tar:
        tar.extractall(work)
    script = (
        f"cd /build/{where}/netboot6-{version}; dpkg-buildpackage -us -uc; cd ..; {then}"
    )
    env = {"DEB_BUILD_OPTIONS": options, **(env or {})}
    done = tree.run(script, f"{directory}:/build", env=env)
    (work / LOG).write_text(done.stdout)
    return Packages(work, done.stdout)


def read_packages(directory, where="netboot6"):
    """What build() left in a directory."""
    work = directory / where
    return Packages(work, (work / LOG).read_text())


def older(packages, name, directory):
    """The package again, as version 0.0.9-1. Returns the path of its .deb."""
    directory.mkdir(exist_ok=True)
    tree, made = directory / name, directory / f"{name}_0.0.9-1.deb"
    if made.exists():
        return made
    run("dpkg-deb", "--raw-extract", packages.deb(name), tree)
    control = tree / "DEBIAN/control"
    version = packages.field(name, "Version")
    control.write_text(control.read_text().replace(version, "0.0.9-1"))
    run("dpkg-deb", "--root-owner-group", "--build", tree, made)
    return made
