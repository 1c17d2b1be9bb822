# SPDX-License-Identifier: ISC
"""A boot storm in small: a thousand machines within a second, through relayd, with pools.

`make bench-bootd BENCH_FLAGS="--sections storm"` plays it with ten thousand.
"""

import pytest

from bench.bench_storm import storm
from lab.netns import why_no_namespaces
from lab.process import PATIENCE

MACHINES = 1000


@pytest.mark.skipif(bool(why_no_namespaces()), reason=str(why_no_namespaces()))
@pytest.mark.parametrize("server", ["bootd-log", "bootd-pool"])
def test_each_client_is_answered_within_its_first_wait(server):
    """Each machine is answered before it would ask again, 1 s after (RFC 9915 section 7.6)."""
    wait_ms = int(1000 * PATIENCE)
    found = storm(MACHINES, links=4, server=server, within_ms=1000, wait_ms=wait_ms)
    assert found["done"] == MACHINES and found["refused"] == 0
    assert found["solicit"]["in_vain"] == found["request"]["in_vain"] == 0
    assert found["sent"] == 2 * MACHINES
    assert found["bootd_drops"] == found["relayd_drops"] == 0
