# SPDX-License-Identifier: ISC
"""The soak of soak.py: some seconds of it here, an hour by `make soak`."""

import os
import random

from lab.soak import Soak

SECONDS = float(os.environ.get("NB6_SOAK_SECONDS") or 20)
GROWTH_KIB = 6 * 1024  # what ASan's own books may come to


def test_soak(lab, monkeypatch, capsys):
    seed = int(os.environ.get("NB6_SOAK_SEED") or random.randrange(1 << 32))

    def say(text):
        with capsys.disabled():
            print(f"soak: {text}", flush=True)

    # What was freed is kept by ASan for a while, which would look like growth.
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", f"{options}:quarantine_size_mb=4")
    print(f"seed {seed}: make soak SOAK_SEED={seed}")
    result = Soak(lab, seed).run(SECONDS, say)
    if SECONDS > 60:
        say(f"seed {seed}: {result}")
    print(result)
    assert result["relayed"] > result["sent"] / 3 and result["replied"] > 0
    assert result["without-mac"] <= 2 + result["relayed"] / 1000
    assert result["late-kib"] - result["early-kib"] < GROWTH_KIB
