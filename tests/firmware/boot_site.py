# SPDX-License-Identifier: ISC
"""The lab's site, ready to boot machines: relayd, bootd and radvd at work.

       clients                  router                      server
  ┌────────────────┐    ┌────────────────────┐    ┌──────────────────────────┐
  │ machine ─ br-1 ┼────┼ lan1  relayd  core ┼────┼ core  bootd              │
  │  (tap)         │    │       radvd        │    │        DHCPv6, TFTP, HTTP│
  └────────────────┘    └────────────────────┘    └──────────────────────────┘
   2001:db8:1::/64                        2001:db8:100::/64   2001:db8:100::69

What bootd serves is in DIRECTORY/root: Debian's iPXE, the kernel and initrd of
payload.py, and boot.ipxe, the script that starts them; uki.efi for HTTP Boot.
"""

import re
from pathlib import Path

from firmware.machine import Machine
from firmware.payload import BOOTED, CALLED_HOME, publish, why_no_uki
from lab.netns import run
from lab.topology import SERVER, Site, program

IPXE_EFI = Path("/usr/lib/ipxe/snponly.efi")
HOME = f"http://[{SERVER}]/netboot6/booted?mac="
CMDLINE = "console=ttyS0 quiet panic=-1"

SCRIPT = f"""\
#!ipxe
echo netboot6: iPXE runs the script of ${{mac}}
kernel /vmlinuz initrd=initrd {CMDLINE} netboot6.home={HOME}${{mac}} || shell
initrd /initrd || shell
boot
"""

BOOTD_CONF = """\
listen = {{}}
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
{https}
preference = 255

subnet "2001:db8:1::/64" {{ {subnet} }}

boot "ipxe"      {{ user-class = "iPXE"     url = "http://[{server}]/boot.ipxe" }}
boot "uefi-http" {{ arch = {{"x64-http"}}   url = "{scheme}://[{server}]/uki.efi" }}
boot "uefi"      {{ arch = {{"x64-uefi"}}   url = "tftp://[{server}]/snponly.efi" }}
"""


def why_no_ipxe():
    """None where iPXE's EFI program is installed, else the reason."""
    return None if IPXE_EFI.exists() else f"{IPXE_EFI} is missing (package ipxe)"


def expect_linux(site, machine, bootd):
    """Console and bootd both say that Linux has booted. Returns the steps that bootd saw."""
    booted = machine.wait_for_line(BOOTED, 120)
    assert booted["mac"] == machine.mac
    machine.wait_for_line(CALLED_HOME, 30)
    bootd.wait_for_line(rf"{machine.mac}.*booted", 10)
    story = site.ask("bootd", "show", machine.mac)
    assert story["stage"] == "booted" and not story["stuck"]
    return [step["step"] for step in story["steps"]]


class BootSite(Site):
    """A site whose daemons run and whose files are staged; power_on() adds a machine."""

    def __init__(self, lab, payload, subnet="", keys=()):
        """subnet: what bootd.conf says of the client link.
        keys: types of keys ("rsa", "ecdsa") of certificates for HTTPS, which HTTP Boot then uses.
        """
        super().__init__(lab)
        self.capture()
        self.root = lab.directory / "root"
        self._stage(payload)
        self.relayd = self.start_relayd()
        self.tls = lab.directory / "tls"
        https = "".join(self._certificate(key) for key in keys)
        config = BOOTD_CONF.format(root=self.root, server=SERVER, subnet=subnet, https=https,
                                   scheme="https" if keys else "http")
        ports = (("udp", 547), ("udp", 69), ("tcp", 80)) + ((("tcp", 443),) if keys else ())
        self.bootd = self.start_bootd(config, ports=ports)
        self.radvd = self.start_radvd()

    def _certificate(self, key):
        """A new one for the server's address, by the CA of this site; its section of bootd.conf."""
        run(program("netboot6/netboot6"), "boot", "tls", "init", "--directory", self.tls, "--key", key,
            "--name", SERVER)
        stem = self.tls / ("server" if key == "rsa" else f"server-{key}")
        listen = 'listen = "[::]:443"' if key == "rsa" else "listen = {}"
        return f'https {{ {listen} certificate = "{stem}.crt" key = "{stem}.key" }}\n'

    def _stage(self, payload):
        self.root.mkdir()
        publish(payload.kernel, self.root, "vmlinuz")
        publish(payload.initrd, self.root, "initrd")
        (self.root / "boot.ipxe").write_text(SCRIPT)
        if not why_no_ipxe():
            publish(IPXE_EFI, self.root)
        if not why_no_uki():
            payload.make_uki(self.root / "uki.efi", f"{CMDLINE} netboot6.home={HOME}")

    def power_on(self, firmware, trusted=None):
        """A machine of that firmware (machine.py) on the client link; `trusted`: CAs, as machine.py has."""
        self.clients.tap("tap1", "br-1")
        return Machine(self.lab, self.clients, "tap1", firmware, trusted=trusted)

    def expect_linux(self, machine):
        return expect_linux(self, machine, self.bootd)

    def expect_one_address(self, machine):
        """All DHCPv6 identities of the machine were given the same address."""
        given = rf"{machine.mac} .* -> (?:Advertise|Reply) (2001:db8:1:\S+?)(?:,|$)"
        addresses = set(re.findall(given, self.bootd.text(), re.MULTILINE))
        assert len(addresses) == 1, addresses
