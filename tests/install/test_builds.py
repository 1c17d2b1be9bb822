# SPDX-License-Identifier: ISC
"""Builds that packagers of other systems make, from the archive of `make dist`: one daemon alone,
without libsystemd, for musl, as RPM packages; and the recipes for them."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from install.debian_package import SOURCE, archive
from lab.netns import missing_programs, run

MUSL_LIBC = Path("/usr/lib/x86_64-linux-musl/libc.a")
# The headers of the libraries, apart from those of glibc.
LIBRARY_HEADERS = (
    *("asm", "asm-generic", "bpf", "cap-ng.h", "event2", "gmp.h", "jansson.h"),
    *("jansson_config.h", "libmnl", "libnl3", "libpq-fe.h", "linux", "nettle", "openssl", "pg_config_ext.h"),
    *("postgres_ext.h", "postgresql", "seccomp-syscalls.h", "seccomp.h", "sqlite3.h"),
)
LIBRARIES = (
    *("bpf", "cap-ng", "event_core", "event_extra", "jansson", "mnl", "nettle"),
    *("crypto", "nl-3", "nl-route-3", "pq", "seccomp", "sqlite3", "ssl"),
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The unpacked archive."""
    directory = tmp_path_factory.mktemp("source")
    with tarfile.open(archive()) as tar:
        tar.extractall(directory)
    return next(directory.glob("netboot6-*"))


def build(source, directory, *options, targets=("all",), env=None):
    """Configure and make in a directory of its own; returns it."""
    directory.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, **(env or {})}
    for argv in ([source / "configure", "--enable-werror", *options], ["make", "-j2", *targets]):
        run(*argv, cwd=directory, env=env, timeout=600)
    return directory


def needed(program):
    """The names of the libraries that a program is linked with, as libnl-3."""
    said = run("readelf", "--dynamic", "--wide", program).stdout
    return set(re.findall(r"\[(lib[^]]*?)(?:-2\.1)?\.so", said))


def installed(directory, root):
    run("make", "install", f"DESTDIR={root}", cwd=directory, timeout=300)
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def names_of_other(files, other):
    return sorted(name for name in files if other in Path(name).name)


def test_the_relay_alone(source, tmp_path):
    """It needs nothing that only the server needs, and installs nothing of the server's."""
    env = {"PKG_CONFIG": str(without(tmp_path, "sqlite3", "nettle", "libpq", "openssl"))}
    made = build(source, tmp_path / "build", "--disable-bootd", env=env)
    libraries = needed(made / "netboot6-relayd")
    assert "libevent_core" in libraries
    assert not libraries & {"libsqlite3", "libnettle", "libpq", "libssl"}
    # Neither does what it is linked with.
    loaded = run("ldd", made / "netboot6-relayd").stdout
    assert "libevent_core" in loaded and not re.search("libsqlite|libnettle|libhogweed|libpq|libssl", loaded), loaded
    # libevent_extra has evhttp and DNS: DNS is what it is linked for.
    wanted = symbols("--undefined-only", "--dynamic", made / "netboot6-relayd")
    assert "evdns_base_new" in wanted
    assert not {name for name in wanted if re.match("evhttp|evrpc|sqlite3|nettle|PQ[a-z]|SSL_", name)}
    assert not names_of_other(installed(made, tmp_path / "root"), "bootd")
    assert not (made / "netboot6-bootd").exists()


def test_the_server_alone(source, tmp_path):
    """It needs no DNS resolver, which is the relay's."""
    env = {"PKG_CONFIG": str(without(tmp_path, "libevent_extra"))}
    made = build(source, tmp_path / "build", "--disable-relayd", env=env)
    assert "libevent_extra" not in needed(made / "netboot6-bootd")
    assert not names_of_other(installed(made, tmp_path / "root"), "relayd")
    assert "libsqlite3" in needed(made / "netboot6-bootd")


def without(directory, *absent):
    """A pkg-config that does not know some libraries."""
    script = directory / "pkg-config"
    script.write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do\n'
        f"\tcase $word in {'|'.join(name + '*' for name in absent)}) exit 1 ;; esac\n"
        "done\n"
        'exec pkg-config "$@"\n'
    )
    script.chmod(0o755)
    return script


def test_without_libsystemd_no_unit_waits_for_readiness(source, tmp_path):
    made = build(source, tmp_path / "build", "--without-systemd", "--disable-bootd")
    assert "libsystemd" not in needed(made / "netboot6-relayd")
    files = installed(made, tmp_path / "root")
    unit = next(name for name in files if name.endswith("netboot6-relayd.service"))
    text = (tmp_path / "root" / unit).read_text()
    assert re.findall("^(Type=.*|WatchdogSec=.*)", text, re.MULTILINE) == ["Type=exec", "WatchdogSec=0"]
    assert not [name for name in files if name.endswith(".socket")]


def test_openrc_scripts_are_installed_on_request(source, tmp_path):
    made = build(source, tmp_path / "build", "--disable-bootd", "--with-openrc", "--sysconfdir=/etc",
                 targets=("netboot6-relayd",))
    installed(made, tmp_path / "root")
    script = tmp_path / "root/etc/init.d/netboot6-relayd"
    assert os.access(script, os.X_OK)
    run("sh", "-n", script)
    assert "@" not in script.read_text()


@pytest.mark.skipif(
    bool(missing_programs("musl-gcc")), reason="programs are missing: musl-gcc (package musl-tools)"
)
def test_everything_builds_against_musl(source, tmp_path):
    """Everything compiles with musl's headers, and musl or a library defines each symbol. What needs
    no library is linked, and the corpus of the decoder runs."""
    headers = tmp_path / "headers"
    multiarch = headers / "multiarch"  # openssl/ is in both
    multiarch.mkdir(parents=True)
    for name in LIBRARY_HEADERS:
        for top in (Path("/usr/include"), Path("/usr/include/x86_64-linux-gnu")):
            if (top / name).exists():
                ((multiarch if (headers / name).exists() else headers) / name).symlink_to(top / name)
    include = f"-isystem {headers} -isystem {headers}/libnl3 -isystem {headers}/postgresql -isystem {multiarch}"
    # glibc's /usr/include must not come in by pkg-config.
    env = {"CC": "musl-gcc", "CPPFLAGS": include, "NLROUTE_CFLAGS": " ", "PQ_CFLAGS": " "}
    made = build(source, tmp_path / "build", "--without-systemd", targets=("--version",), env=env)
    env = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    libraries = run("make", "--no-print-directory", "-s", "print-libraries", cwd=made, env=env).stdout.split()
    assert "relayd/librelayd.a" in libraries and "bootd/libbootd.a" in libraries
    run("make", "-j2", *libraries, "tests/fuzz/fuzz_dhcp6", cwd=made, timeout=600)
    paths = [made / library for library in libraries]
    wanted = symbols("--undefined-only", *paths)
    known = symbols("--defined-only", *paths, MUSL_LIBC)
    for name in LIBRARIES:
        known |= symbols("--dynamic", "--defined-only", f"/usr/lib/x86_64-linux-gnu/lib{name}.so")
    missing = wanted - known - {"_GLOBAL_OFFSET_TABLE_"}
    assert not missing, missing
    corpus = source / "tests/data/corpus/dhcp6"
    run(made / "tests/fuzz/fuzz_dhcp6", *sorted(corpus.iterdir()), cwd=source)


def symbols(*argv):
    said = run("nm", "--no-demangle", "--format=posix", *argv, timeout=60).stdout
    lines = (line.split() for line in said.splitlines())
    return {words[0].partition("@")[0] for words in lines if len(words) >= 2 and len(words[1]) == 1}


@pytest.mark.skipif(
    bool(missing_programs("rpmbuild")), reason="programs are missing: rpmbuild (package rpm)"
)
def test_rpm_packages(tmp_path):
    """The spec in the archive; Debian's rpm lacks only the macros of Fedora's systemd."""
    macros = {
        "_topdir": tmp_path,
        "_unitdir": "/usr/lib/systemd/system",
        "systemd_requires": "Requires: systemd",
        "_dbpath": tmp_path / "rpmdb",
    }
    define = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    for kind in ("post", "preun", "postun_with_restart"):
        define += ["--define", f"systemd_{kind}() true"]
    run("rpmbuild", "-tb", "--nodeps", "--nocheck", *define, archive(), timeout=900)
    made = {path.name.split("-0.")[0]: path for path in tmp_path.glob("RPMS/*/*.rpm")}
    assert {"netboot6", "netboot6-relayd", "netboot6-bootd"} <= set(made)

    def listed(name):
        return run("rpm", "--query", "--list", "--package", *define, made[name]).stdout.split()

    assert "/usr/sbin/netboot6-relayd" in listed("netboot6-relayd")
    assert "/usr/lib/systemd/system/netboot6-bootd.service" in listed("netboot6-bootd")
    assert "/usr/bin/netboot6" in listed("netboot6")
    config = run("rpm", "--query", "--requires", "--package", *define, made["netboot6-relayd"]).stdout
    assert "netboot6" in config and "libsqlite3" not in config


def test_recipes(source):
    """They have the version, and the shells that read them find no error."""
    version = source.name.removeprefix("netboot6-")
    dist = source / "dist"
    assert f"pkgver={version}\n" in (dist / "arch/PKGBUILD").read_text()
    assert f"PKG_VERSION:={version}\n" in (dist / "openwrt/Makefile").read_text()
    assert re.search(rf"^Version: +{re.escape(version)}$", (dist / "rpm/netboot6.spec").read_text(), re.M)
    run("bash", "-n", dist / "arch/PKGBUILD")
    run("sh", "-n", dist / "openwrt/files/netboot6-relayd.init")
    # What the OpenWrt package asks configure for, configure knows.
    asked = re.findall(r"--(?:disable|without|with|enable)-[a-z-]+", (dist / "openwrt/Makefile").read_text())
    known = subprocess.run([source / "configure", "--help"], capture_output=True, text=True).stdout
    for option in asked:
        word = re.sub(r"^--(disable|enable|without|with)-", "", option)
        assert re.search(rf"--(?:disable|enable|without|with)-{word}\b", known), option


def test_the_version_is_in_one_place(source):
    """configure.ac has it; what must repeat it has the same one."""
    version = source.name.removeprefix("netboot6-")
    assert f"AC_INIT([netboot6], [{version}])" in (SOURCE / "configure.ac").read_text()
    assert (SOURCE / "debian/changelog").read_text().startswith(f"netboot6 ({version}-")
    assert version in (SOURCE / "NEWS").read_text().split("\n\n")[0]
