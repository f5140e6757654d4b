"""Documents with examples, and what these must print."""

import re
from pathlib import Path

HOME = Path(__file__).parents[1]
SOURCE = Path("/usr/share/ferret-vis/data/monthly_navy_winds.cdf")
BLOCK = re.compile(
    r"^```(?P<language>sh|python)\n(?P<code>.*?)^```\n"
    r"(?:```text\n(?P<output>.*?)^```\n)?",
    re.M | re.S,
)


def matches(expected: str, line: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, line) is not None


def missing_line(expected: str, output: str) -> str | None:
    """The first expected line that the output does not have where it should."""
    lines = iter(output.splitlines())
    for wanted in expected.splitlines():
        if not any(matches(wanted, line) for line in lines):
            return wanted
    return None
