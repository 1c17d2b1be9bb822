# SPDX-License-Identifier: ISC
"""A client boots through the relay and the server of NB6_BUILD: debian/tests/boot runs this with
what is installed."""

import pytest

from install.client import FILE, Client
from lab.boot_client import X64_HTTP, X64_UEFI
from lab.netns import why_no_namespaces
from lab.topology import SERVER, Site

pytestmark = pytest.mark.skipif(bool(why_no_namespaces()), reason=str(why_no_namespaces()))

CONFIG = """\
root = "{root}"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
subnet "2001:db8:1::/64" {{}}
boot "http" {{ arch = {{x64-http}}  url = "http://[{server}]/first.efi" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[{server}]/first.efi" }}
"""


@pytest.mark.parametrize(("architecture", "scheme"), [(X64_UEFI, "tftp:"), (X64_HTTP, "http:")])
def test_a_client_boots(lab, architecture, scheme):
    site = Site(lab)
    root = lab.file("root/first.efi", FILE).parent
    site.start_relayd()
    config = CONFIG.format(root=root, server=SERVER)
    site.start_bootd(config, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
    given, boot_file = Client(site).boot(architecture)
    assert given.startswith("2001:db8:1:")
    assert boot_file.startswith(scheme)
