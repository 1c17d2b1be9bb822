# SPDX-License-Identifier: ISC
"""Fixtures of the firmware boots; `lab` is that of the labs."""

import pytest

from firmware.boot_site import BootSite
from firmware.guest_tests import plugin
from firmware.payload import PayloadError, make_payload
from firmware.router_site import RouterSite
from lab.conftest import _namespaces, lab, make_lab, pytest_runtest_makereport  # noqa: F401


def pytest_configure(config):
    config.addinivalue_line("markers", "in_guest: run inside a guest, see guest_tests.py")
    config.pluginmanager.register(plugin(config))


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


@pytest.fixture(scope="module")
def module_router_site(request, _namespaces):  # noqa: F811
    """Two routers on a trunk, made once for a module: what costs most in a guest."""
    return RouterSite(make_lab(request))


@pytest.fixture
def router_site(module_router_site):
    """The same, without what the last test made of it."""
    yield module_router_site
    complaints = module_router_site.clear()
    assert not complaints, "\n".join(complaints)
