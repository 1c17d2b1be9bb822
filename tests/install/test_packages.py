# SPDX-License-Identifier: ISC
"""The Debian packages build in a clean Debian 12 and 13, lintian finds nothing, and two builds in
different directories, locales and time zones give the same octets."""

import pytest

from install.chroot import why_no_containers
from install.conftest import SUITES
from install.debian_package import build

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
