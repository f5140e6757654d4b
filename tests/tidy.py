"""clang-tidy over many files at once: most of its time goes into what they include,
which files that are read as one have once.

    tidy.py BUILD FILE...

Files are read together only where none mentions a name that another has to itself
(in an unnamed namespace, static, or a macro): each then means what it means alone.
Where something is found, or they cannot be read together after all, each file is read
alone, and that decides.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

LARGEST_GROUP = 16
TIDY = ["clang-tidy", "--quiet", "--extra-arg=-Wthread-safety"]
COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S
)
DECLARED = (
    r"\b(?:struct|class|enum|union|using|concept)\s+(\w+)",
    r"\b([A-Za-z_]\w*)\s*[}\[=;(]",
)


def code(path):
    """Without comments and texts; digits with separators are no texts."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", Path(path).read_text())
    return COMMENT_OR_TEXT.sub(" ", text)


def own_names(text):
    """A few too many do no harm."""
    found = set(re.findall(r"^\s*#\s*define\s+(\w+)", text, re.M))
    found |= set(re.findall(r"^static\b[^;{=]*?(\w+)\s*[({=;]", text, re.M))
    for begin in re.finditer(r"^namespace\s*\{", text, re.M):
        depth = 1
        outermost = []
        for letter in text[begin.end() :]:
            depth += (letter == "{") - (letter == "}")
            if depth == 0:
                break
            if depth == 1:
                outermost.append(letter)
        for pattern in DECLARED:
            found |= set(re.findall(pattern, "".join(outermost)))
    return found - {"noexcept", "override", "decltype"}


def groups_of(files):
    texts = {file: code(file) for file in files}
    own = {file: own_names(text) for file, text in texts.items()}
    words = {file: set(re.findall(r"\w+", text)) for file, text in texts.items()}

    def meet(one, other):
        return own[one] & words[other] or own[other] & words[one]

    groups = []
    for file in sorted(files, key=lambda file: -len(own[file])):
        for group in groups:
            if len(group) < LARGEST_GROUP and not any(meet(file, o) for o in group):
                group.append(file)
                break
        else:
            groups.append([file])
    return sorted(groups, key=len, reverse=True)


def options_by_file(build):
    """Of the compiler, those that say what is read."""
    found = {}
    for entry in json.loads((Path(build) / "compile_commands.json").read_text()):
        words = iter(shlex.split(entry["command"]))
        options = []
        for word in words:
            if word in ("-I", "-isystem", "-D"):
                options.append((word, next(words)))
            elif word.startswith(("-I", "-D", "-std=")) and "_EXPORTS" not in word:
                options.append((word,))
        found[os.path.realpath(entry["file"])] = options
    return found


def tidy(build, group, options, folder):
    """Whether nothing was found, and what was."""
    if len(group) > 1:
        together = Path(folder) / f"{Path(group[0]).stem}_and_others.cpp"
        together.write_text(
            "".join(
                f'#include "{os.path.realpath(file)}"'
                "  // NOLINT(bugprone-suspicious-include)\n"
                for file in group
            )
        )
        all_of_them = dict.fromkeys(o for f in group for o in options[f])
        words = [word for option in all_of_them for word in option]
        command = [*TIDY, "--config-file=.clang-tidy"]
        if (
            subprocess.run(
                [*command, together, "--", *words], capture_output=True
            ).returncode
            == 0
        ):
            return True, ""
        print(f"tidy: {', '.join(group)}: each alone", file=sys.stderr)
    clean, said = True, ""
    for file in group:
        done = subprocess.run(
            [*TIDY, "-p", build, file], capture_output=True, text=True
        )
        clean &= done.returncode == 0
        said += done.stdout
    return clean, said


def main():
    build, *files = sys.argv[1:]
    known = options_by_file(build)
    options = {file: known[os.path.realpath(file)] for file in files}
    groups = groups_of(files)
    clean = True
    with (
        tempfile.TemporaryDirectory() as folder,
        concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        for good, said in pool.map(
            lambda group: tidy(build, group, options, folder), groups
        ):
            print(said, end="")
            clean &= good
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
