# SPDX-License-Identifier: ISC
"""The Debian packages build in a clean Debian, lintian finds nothing, and two builds in different
directories, locales and time zones give the same octets."""

import pytest

from install.chroot import make_tree, why_no_containers
from install.conftest import SUITES
from install.debian_package import SOURCE, build

pytestmark = pytest.mark.skipif(bool(why_no_containers()), reason=str(why_no_containers()))


@pytest.mark.parametrize("suite", SUITES)
def test_lintian_finds_nothing(packages, suite):
    built = packages(suite)
    assert len(built.files) == 6, built.files  # three, and their debug symbols
    found = built.log.partition("=== lintian")[2]
    assert "lintian ends with 0" in found, found
    for name in ("netboot6", "netboot6-relayd", "netboot6-bootd"):
        assert built.deb(f"{name}-dbgsym")


def test_a_second_build_has_the_same_octets(packages, tmp_path):
    first = packages(SUITES[0])
    env = {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "USER": "somebody"}
    second = build(SUITES[0], tmp_path / "again", "nocheck", "another/place", env)
    for path in first.files:
        other = second.directory / path.name
        assert other.read_bytes() == path.read_bytes(), f"{path.name} differs from {other}"


@pytest.mark.parametrize("suite", SUITES[:1])
def test_autopkgtest_passes_with_the_installed_packages(packages, suite, tmp_path):
    """debian/tests/boot, in a Debian that has what debian/tests/control asks for."""
    built = packages(suite)
    control = (SOURCE / "debian/tests/control").read_text()
    asked = [line.strip(" ,") for line in control.splitlines() if line.startswith(" ")]
    tree = make_tree(suite, "autopkgtest", [*built.needs(), *(name for name in asked if name != "@")])
    names = " ".join(f"./{built.deb(name).name}" for name in ("netboot6", "netboot6-relayd", "netboot6-bootd"))
    script = f"cd /build; apt-get install -y {names}; cd netboot6-*/; debian/tests/boot"
    done = tree.run(script, f"{built.directory}:/build", more=("--capability=all", "--system-call-filter=bpf"))
    assert "2 passed" in done.stdout, done.stdout
