"""The tests of the rooms that changed: ./dev test --changed [COMMIT].

    changed.py [--only-print] TESTS < FILES

TESTS is the program of the C++ tests; FILES are the changed files, a line each. What
many rooms use (helpers of tests, files of no room) does not choose tests: it is named in
the end, and needs all of `./dev test`.
"""

import pathlib
import re
import subprocess
import sys

HOME = pathlib.Path(__file__).resolve().parent.parent
# What is not in a folder of a room's name, and the tests that show it.
ELSEWHERE = {
    "gdal_plugin/": ["autotest/plugin"],
    "apps/python/": ["autotest/python"],
    "apps/": ["autotest/append/test_append_cli.py"],
    "docs/": ["autotest/docs"],
    "demo/": ["autotest/docs"],
    "README.md": ["autotest/docs"],
}
UNTESTED = ("bench/", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
SUITE = re.compile(r"^(?:TEST|TEST_F|TEST_P)\(\s*(\w+),", re.MULTILINE)


def suites_of(folder):
    """Names of the C++ tests in a folder."""
    texts = (path.read_text() for path in sorted((HOME / folder).glob("*_test.cpp")))
    return {name for text in texts for name in SUITE.findall(text)}


def tests_of(file):
    """Folders and files with the tests of a changed file; None: not to be told."""
    top, _, rest = file.partition("/")
    room, _, below = rest.partition("/")
    if top == "src" and below:
        return [f"tests/{room}", f"autotest/{room}"]
    if top == "tests" and suites_of(f"tests/{room}"):
        return [f"tests/{room}"]
    if top == "autotest" and below:
        return [file if below.startswith("test_") else f"autotest/{room}"]
    for beginning, tests in ELSEWHERE.items():
        if file.startswith(beginning):
            return tests
    return [] if file.startswith(UNTESTED) else None


def choose(files):
    """Suites of GoogleTest, arguments of pytest, files of no room."""
    suites, paths, unknown = set(), set(), []
    for file in files:
        chosen = tests_of(file)
        if chosen is None:
            unknown.append(file)
        for place in chosen or []:
            if place.startswith("tests/"):
                suites |= suites_of(place)
            elif (HOME / place).exists():
                paths.add(place)
    paths = {p for p in paths if str(pathlib.Path(p).parent) not in paths}
    return sorted(suites), sorted(paths), unknown


def run(words):
    return subprocess.run(words, cwd=HOME, check=False).returncode


def main(program, only_print):
    suites, paths, unknown = choose(sys.stdin.read().splitlines())
    patterns = ":".join(f"{name}.*:*/{name}.*" for name in suites)
    print("C++:   ", " ".join(suites) or "none")
    print("pytest:", " ".join(paths) or "none", flush=True)
    failed = False
    if suites and not only_print:
        failed |= run([program, "--gtest_brief=1", f"--gtest_filter={patterns}"]) != 0
    if paths and not only_print:
        options = ["-q", "-p", "no:cacheprovider", "-n", "2"]
        failed |= run([sys.executable, "-m", "pytest", *options, *paths]) != 0
    if unknown:
        print("Of no one room, so that only all tests show them:", *unknown)
    return 1 if failed else 0


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(words[-1], "--only-print" in words))
