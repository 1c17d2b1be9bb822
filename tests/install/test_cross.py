# SPDX-License-Identifier: ISC
"""Cross builds from the archive of `make dist`, and their unit tests: `make check-cross` or
`./setup cross`. The processor runs those of i386 itself, where the kernel lets it, and qemu-user all
others. Not a part of check-install, because an emulator takes some 20 minutes."""

import os
import re
import shutil

import pytest

from install.chroot import make_tree, why_no_containers
from install.debian_package import archive, build_depends

SUITE = "bookworm"
ARCHITECTURES = {
    "arm64": ("aarch64-linux-gnu", "qemu-aarch64-static"),
    "i386": ("i686-linux-gnu", "qemu-i386-static"),
    "armhf": ("arm-linux-gnueabihf", "qemu-arm-static"),
}
MULTIARCH = {"i386": "i386-linux-gnu"}
WANTED = os.environ.get("NB6_CROSS", "").split()
# qemu-user refuses what these are about, or they measure time.
NOT_EMULATED = ("test_sandbox", "test_lease_crash")

pytestmark = [
    pytest.mark.skipif(bool(why_no_containers()), reason=str(why_no_containers())),
    pytest.mark.skipif(not WANTED, reason="make check-cross runs these"),
]

# Scripts are left out: most start programs of the build directory.
WRAPPER = """\
#!/bin/sh
case $(od -An -tx1 -N4 "$1") in
" 7f 45 4c 46") ;;
*) echo "a script"; exit 77 ;;
esac
case $1 in
%s) echo "not emulated"; exit 77 ;;
esac
exec %s "$@"
"""


def cross_tree(architecture):
    triplet, _ = ARCHITECTURES[architecture]
    libraries = [name for name in build_depends(SUITE) if name.startswith(("lib", "nettle"))]
    foreign = [f"{name}:{architecture}" for name in libraries]
    tools = ("make", "qemu-user-static", "pkgconf", "xz-utils", f"gcc-{triplet}", "libc6-dev")
    more = (f"libc6-dev:{architecture}", f"libgcc-s1:{architecture}")
    packages = [*tools, *more, *foreign]
    return make_tree(SUITE, f"cross-{architecture}", packages, ("amd64", architecture))


def wrapper_for(tree, architecture):
    """The script that runs a unit test: directly, where this kernel runs such programs."""
    triplet, emulator = ARCHITECTURES[architecture]
    loader = f"/lib/{MULTIARCH.get(architecture, triplet)}/ld-linux*.so.*"
    if tree.run(f"{loader} --version", check=False).returncode == 0:
        return WRAPPER % ("//", "")
    return WRAPPER % ("|".join(f"*{name}" for name in NOT_EMULATED), emulator)


@pytest.mark.parametrize("architecture", WANTED)
def test_unit_tests_pass_on(architecture, tmp_path):
    triplet, _ = ARCHITECTURES[architecture]
    tree = cross_tree(architecture)
    shutil.copy(archive(), tmp_path / "source.tar.xz")
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(wrapper_for(tree, architecture))
    wrapper.chmod(0o755)
    multiarch = MULTIARCH.get(architecture, triplet)
    done = tree.run(
        "cd /build; mkdir source build; tar xf source.tar.xz -C source --strip-components=1; cd build;"
        f" export PKG_CONFIG_LIBDIR=/usr/lib/{multiarch}/pkgconfig:/usr/share/pkgconfig;"
        f" ../source/configure --host={triplet} --enable-werror PYTHON=false;"
        " make -j2;"
        " make -j2 check LOG_COMPILER=/build/wrapper || { cat test-suite.log; exit 1; }",
        f"{tmp_path}:/build",
        check=False,
        timeout=3000,
    )
    tail = "\n".join(done.stdout.splitlines()[-80:])
    assert done.returncode == 0, tail
    passed = int(re.search(r"^# PASS: +(\d+)", done.stdout, re.MULTILINE)[1])
    print(f"{architecture}: {passed} unit tests passed")
    assert passed > 50, tail
