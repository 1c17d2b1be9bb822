# SPDX-License-Identifier: ISC
"""Fixtures of the tests of what is packaged; `lab` is that of the labs."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from install.chroot import make_tree
from install.debian_package import build, read_packages
from lab.conftest import _namespaces, lab, make_lab, pytest_runtest_makereport  # noqa: F401

# Debian's releases that packages are built for; `make check-install SUITES="bookworm trixie"`.
SUITES = tuple(os.environ.get("NB6_SUITES", "bookworm").split())
# The older one knows no newer policy, and has a tag about sysvinit that is no more.
LINTIAN = {
    suite: "lintian --allow-root --display-info --pedantic --tag-display-limit 0"
    f" --fail-on error,warning,info,pedantic {more} *.changes"
    for suite, more in (
        (
            "bookworm",
            "--suppress-tags newer-standards-version"
            " --suppress-tags package-supports-alternative-init-but-no-init.d-script",
        ),
        ("trixie", ""),
    )
}


@pytest.fixture(scope="session")
def packages():
    """packages(suite): the Packages, built once. They are kept in NB6_PACKAGES, if that is set, and
    used from there the next time."""
    kept = os.environ.get("NB6_PACKAGES")
    directory = Path(kept or tempfile.mkdtemp(prefix="netboot6-packages-"))
    built = {path.name: read_packages(path) for path in directory.iterdir()}

    def of(suite):
        if suite not in built:
            then = f"echo === lintian; status=0; {LINTIAN[suite]} || status=$?; echo lintian ends with $status"
            # The unit tests have run on Debian 12, where we build: on others they run here.
            options = "nocheck" if suite == "bookworm" else ""
            built[suite] = build(suite, directory / suite, options, then=then)
        return built[suite]

    yield of
    if not kept:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def host_tree(packages):
    """host_tree(suite): a Debian that has what the packages need, and not them."""

    def of(suite):
        needs = packages(suite).needs()
        return make_tree(suite, "host", ["systemd-sysv", "dbus", *needs])

    return of
