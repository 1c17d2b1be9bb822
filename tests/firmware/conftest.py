# SPDX-License-Identifier: ISC
"""Fixtures of the firmware boots; `lab` is that of the labs."""

import pytest

from firmware.boot_site import BootSite
from firmware.payload import PayloadError, make_payload
from lab.conftest import _namespaces, lab, pytest_runtest_makereport  # noqa: F401


def unless(*reasons):
    """The mark that skips a module's tests for the first reason that is not None."""
    reason = next((text for text in reasons if text), None)
    return pytest.mark.skipif(reason is not None, reason=reason or "")


@pytest.fixture(scope="session")
def payload(_namespaces):  # noqa: F811
    try:
        return make_payload()
    except PayloadError as error:
        pytest.skip(str(error))


@pytest.fixture
def boot_site(lab, payload):  # noqa: F811
    """relayd, bootd and radvd at work; machines are switched on by power_on()."""
    return BootSite(lab, payload)
