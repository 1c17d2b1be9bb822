#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Try whether the tests that docs/rfc-compliance.md names prove what it says.

Each line of the table removes one behaviour from the source with a sed expression and names the
unit test that must fail then:

	test_file.c: test_name <tab> source file <tab> sed expression

run.py copies the source, builds it, and for each line mutates, builds that one test and runs it. A
mutant that does not change the source, does not build, or whose test still passes is an error. So
is one that crashes or hangs the program before it has reported that test: what fails then is
perhaps another test.

	run.py SRCDIR [WORD...]    only lines that contain one of the words
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LEFT_OUT = ["--exclude=./build", "--exclude=./.git"]


def run(command, cwd, timeout=600):
    done = subprocess.run(
        command, cwd=cwd, timeout=timeout, text=True, errors="replace", check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def must(command, cwd):
    code, output = run(command, cwd)
    if code:
        sys.exit(f"{' '.join(command)}: failed\n{output[-3000:]}")


def read_table(path, words):
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = re.split(r"\t+", line)
        if len(columns) != 3:
            sys.exit(f"{path}:{number}: expected test, file and sed expression, with tabs between")
        if not words or any(word in line for word in words):
            rows.append((number, *columns))
    return rows


def copy_source(source, tree):
    tree.mkdir()
    must(["sh", "-c", f"tar -C '{source}' {' '.join(LEFT_OUT)} -cf - . | tar -C '{tree}' -xf -"],
         source)
    must(["./configure", "-q", f"CC={os.environ.get('CC', 'gcc')}", "CFLAGS=-O0 -g"], tree)
    must(["make", "-s", "-j2", "all"], tree)


def is_reported(output, name):
    """cmocka names the failed test; a test of many rows names its row. A crash is no report: cmocka
    catches the signal and says "failed with exception"."""
    word = re.escape(name)
    return bool(
        re.search(rf"FAILED\s*\] {word}\s*$|(?:ERROR: |--- ){word}: ", output, re.M)
        and "Test failed with exception" not in output)


def try_test(tree, test):
    """Returns the output, and what came of it: "no build", "passed", "failed" or "crashed"."""
    file, name = test.split(": ", 1)
    binary = f"tests/unit/{pathlib.Path(file).stem}"
    code, output = run(["make", "-s", "-j2", binary], tree)
    if code:
        return output, "no build"
    try:
        code, output = run([f"./{binary}"], tree, timeout=120)
    except subprocess.TimeoutExpired:
        return "", "crashed"
    if code >= 0 and is_reported(output, name):
        return output, "failed"
    return output, "crashed" if code < 0 or "Test failed with exception" in output else "passed"


PROBLEM = {
    "no build": "the mutant does not build",
    "passed": "the test passes without the behaviour",
    "crashed": "the program crashes or hangs before it reports the test as failed",
}


def try_mutant(tree, row):
    """Returns None if the test fails on the mutant, as it must, else what is wrong."""
    _, test, file, expression = row
    path = tree / file
    original = path.read_text()
    must(["sed", "-i", "-E", expression, file], tree)
    if path.read_text() == original:
        return "the expression changes nothing"
    _, outcome = try_test(tree, test)
    path.write_text(original)
    return PROBLEM.get(outcome)


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    table = source / "tests/mutants/table"
    rows = read_table(table, sys.argv[2:])
    bad = 0
    os.environ.update(srcdir=str(source))
    with tempfile.TemporaryDirectory() as directory:
        tree = pathlib.Path(directory) / "tree"
        copy_source(source, tree)
        for test in sorted({row[1] for row in rows}):
            output, outcome = try_test(tree, test)
            if outcome != "passed":
                sys.exit(f"{test}: {outcome} on the source as it is\n{output[-3000:]}")
        for row in rows:
            problem = try_mutant(tree, row)
            print(f"{table.name}:{row[0]}: {row[1]}: {problem or 'fails, as it must'}", flush=True)
            bad += problem is not None
    print(f"{len(rows)} mutants, {bad} not found by their test")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
