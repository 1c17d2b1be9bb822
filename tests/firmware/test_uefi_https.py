# SPDX-License-Identifier: ISC
"""UEFI HTTPS Boot: OVMF loads a unified kernel image from a server whose CA it trusts, and from no
other. The CA and the certificate are those of `netboot6 boot tls init`; the URL has an address."""

import pytest

from firmware.boot_site import BootSite
from firmware.conftest import unless
from firmware.machine import UEFI_HTTP, why_no_machine
from firmware.payload import why_no_uki
from lab.netns import run
from lab.topology import SERVER, program

pytestmark = unless(why_no_machine(UEFI_HTTP), why_no_uki())


@pytest.fixture
def https_site(lab, payload):
    return BootSite(lab, payload, keys=("rsa", "ecdsa"))


def test_ovmf_https_boots_a_unified_kernel_image(https_site):
    machine = https_site.power_on(UEFI_HTTP, trusted=https_site.tls / "ca.esl")
    machine.wait_for_line(r"URI: https://\[2001:db8:100::69\]/uki\.efi", 90)
    machine.wait_for_line(r"starting Boot\d+ .*UEFI HTTPv6", 90)
    steps = https_site.expect_linux(machine)
    assert "x64-http Request" in steps
    assert "HTTPS /uki.efi" in steps
    assert https_site.ask("bootd", "tls")["handshakes"]["mistrusted"] == 0


def test_ovmf_refuses_a_server_whose_ca_it_does_not_trust(https_site):
    other = https_site.lab.directory / "other"
    run(program("netboot6/netboot6"), "boot", "tls", "init", "--directory", other, "--name", SERVER)
    https_site.power_on(UEFI_HTTP, trusted=other / "ca.esl")
    https_site.bootd.wait_for_line(r"HTTPS: handshake with \S+ failed: .*does not trust its CA", 120)
    assert "HTTPS /uki.efi" not in https_site.bootd.text()
