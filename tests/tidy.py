"""clang-tidy over many files at once: most of its time goes into what they include,
which files that are read as one have once.

    tidy.py BUILD FILE...

Files are read together only where none mentions a name that another has to itself
(in an unnamed namespace, static, or a macro): each then means what it means alone.
Where something is found, or they cannot be read together after all, each half is read
by itself, until what is found is in one file.

A group in which nothing was found is not read again as long as nothing has changed
that has a say: its files and all that they include, the options, the configuration and
the version of clang-tidy (MDIMAPPEND_TIDY_CACHE, a folder, names what was found clean).
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

# A group's headers cost as much as ten files.
LARGEST_GROUP = 60
HOME = Path(__file__).resolve().parent.parent
CLEAN = os.environ.get("MDIMAPPEND_TIDY_CACHE")
TIDY = ["clang-tidy", "--quiet", "--extra-arg=-Wthread-safety"]
COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S
)
DECLARED = (
    r"\b(?:enum\s+class|struct|class|enum|union|using|concept)\s+(\w+)",
    # Members, and what is of other namespaces, are nobody's own.
    r"(?<![\w:])([A-Za-z_]\w*)\s*[}\[=;(]",
)
TYPE = r"^(?:enum\s+class|struct|class|using|concept)\s+(\w+)"
NO_NAMES = {"noexcept", "override", "decltype", "sizeof", "default", "const", "bool"}
NO_NAMES |= {"void", "Status"}


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
    return found - NO_NAMES


def types_read_by(file):
    """Those of our headers that it includes, and of what these include."""
    found, read, unread = set(), set(), [file]
    while unread:
        path = unread.pop()
        for name in re.findall(r'^#include "([^"]+)"', Path(path).read_text(), re.M):
            for header in (HOME / "src" / name, HOME / "gdal_plugin" / name):
                if header.exists() and header not in read:
                    read.add(header)
                    unread.append(header)
                    found |= types_of(header)
    return found


@functools.cache
def types_of(header):
    return set(re.findall(TYPE, code(header), re.M))


def groups_of(files):
    texts = {file: code(file) for file in files}
    own = {file: own_names(text) for file, text in texts.items()}
    words = {
        file: set(re.findall(r"\w+", text)) | types_read_by(file)
        for file, text in texts.items()
    }
    meets = {
        file: {
            other
            for other in files
            if other != file and (own[file] & words[other] or own[other] & words[file])
        }
        for file in files
    }
    groups = []
    # Whoever meets most first: fewer groups.
    for file in sorted(files, key=lambda file: -len(meets[file])):
        for group in groups:
            if len(group) < LARGEST_GROUP and not meets[file].intersection(group):
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


@functools.cache
def content(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@functools.cache
def version():
    return subprocess.run(["clang-tidy", "--version"], capture_output=True).stdout


def key(group, source, words):
    """What decides on the result; None if the compiler cannot say what is read. Paths
    are relative to the checkout, so that another one finds the same."""
    command = ["clang++", "-M", *words, source]
    read = subprocess.run(command, capture_output=True, text=True)
    if read.returncode != 0:
        return None
    rule = read.stdout.partition(":")[2].replace("\\\n", " ")
    included = [path for path in shlex.split(rule) if path != str(source)]
    parts = [*TIDY, *words, *group]
    parts += [f"{path} {content(path)}" for path in [".clang-tidy", *included]]
    text = "\n".join(parts).replace(f"{HOME}/", "")
    return hashlib.sha256(version() + text.encode()).hexdigest()


def is_clean(group, options, folder):
    """Of files that are read as one."""
    source = Path(folder) / f"{Path(group[0]).stem}_and_{len(group) - 1}_others.cpp"
    source.write_text(
        "".join(
            f'#include "{os.path.realpath(file)}"'
            "  // NOLINT(bugprone-suspicious-include)\n"
            for file in group
        )
    )
    all_of_them = dict.fromkeys(o for f in group for o in options[f])
    words = [word for option in all_of_them for word in option]
    known = CLEAN and key(group, source, words)
    if known and (Path(CLEAN) / known).exists():
        return True
    command = [*TIDY, "--config-file=.clang-tidy", source, "--", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    clean = done.returncode == 0
    if known and clean:
        Path(CLEAN).mkdir(parents=True, exist_ok=True)
        (Path(CLEAN) / known).touch()
    if not clean and len(group) > 1:
        said = re.search(".*error: .*", done.stdout + done.stderr)
        why = said[0] if said else f"clang-tidy ended with {done.returncode}"
        print(f"tidy: {', '.join(group)}: each half, for {why}", file=sys.stderr)
    return clean


def tidy(build, group, options, folder):
    """Whether nothing was found, and what was."""
    if is_clean(group, options, folder):
        return True, ""
    if len(group) > 1:
        middle = len(group) // 2
        halves = [
            tidy(build, half, options, folder)
            for half in (group[:middle], group[middle:])
        ]
        return all(clean for clean, _ in halves), "".join(s for _, s in halves)
    done = subprocess.run(
        [*TIDY, "-p", build, group[0]], capture_output=True, text=True
    )
    return done.returncode == 0, done.stdout


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
