"""Measures gdalmdimappend beside others: ./dev bench. docs/benchmarks.md says
what, and how to read it."""

import argparse
import json
import os
import pathlib
import platform
import re
import sys
import tempfile

import long_cubes
import measure
import memory
import parts
import plots
import table
import tools
import workloads
from osgeo import gdal
from side_by_side import SideBySide

HERE = pathlib.Path(__file__).parent


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny data, few runs: does all work?"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="these workloads (see --list)"
    )
    parser.add_argument("--list", action="store_true", help="the names of workloads")
    parser.add_argument(
        "--tools", nargs="+", metavar="NAME", help="only these tools, ours always"
    )
    parser.add_argument("--threads", type=int, default=2, help="and processors (2)")
    parser.add_argument("--repeats", type=int, help="runs of each tool (7)")
    parser.add_argument("--peer-repeats", type=int, help="runs of each peer (3)")
    parser.add_argument(
        "--no-trace", dest="trace", action="store_false", help="without strace"
    )
    parser.add_argument(
        "--folder", help="where cubes are made: its disk is measured (temporary)"
    )
    parser.add_argument("--results", help="folder of results (bench/results)")
    settings = parser.parse_args()
    settings.repeats = settings.repeats or (2 if settings.quick else 7)
    settings.peer_repeats = settings.peer_repeats or (1 if settings.quick else 3)
    if not settings.results:
        settings.results = HERE / ("results-quick" if settings.quick else "results")
    settings.results = pathlib.Path(settings.results)
    return settings


def side_by_side(workload):
    def run(all_tools, settings, folder):
        return SideBySide(workload, all_tools, settings, folder).run()

    return run


def all_measurements(settings):
    """Functions (tools, settings, folder) -> result, by name."""
    listed = workloads.goal_workloads(settings.quick)
    found = {work.name: side_by_side(work) for work in listed}
    found[long_cubes.NAME] = long_cubes.run
    found[memory.NAME] = memory.run
    found[parts.NAME] = parts.run
    listed = workloads.variants(settings.quick)
    return found | {work.name: side_by_side(work) for work in listed}


def machine(folder):
    """What the figures depend on, without names of anybody's."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    memory_kb = re.search(
        r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text()
    )
    return {
        "processor": model[1] if model else platform.machine(),
        "processors": os.cpu_count(),
        "memory": f"{int(memory_kb[1]) / 1e6:.0f} GB",
        "file system": file_system(folder),
        "kernel": platform.release(),
        "GDAL": gdal.VersionInfo("RELEASE_NAME"),
        "commit": tools.our_version(),
    }


def file_system(folder):
    """The type of the one that a folder is on."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[2] == wanted:
            return line.split(" - ")[1].split()[0]
    return "unknown"


def choose(names, wanted):
    unknown = [name for name in wanted or () if name not in names]
    if unknown:
        sys.exit(f"bench: unknown: {', '.join(unknown)}; there are {', '.join(names)}")
    return [name for name in names if not wanted or name in wanted]


def main():
    settings = parse()
    measurements = all_measurements(settings)
    if settings.list:
        print("\n".join(measurements))
        return
    known = tools.all_tools()
    if settings.tools:
        kept = {*choose(known, settings.tools), tools.OURS}
        known = {name: tool for name, tool in known.items() if name in kept}
    settings.results.mkdir(parents=True, exist_ok=True)
    results = []
    # Removed at the very end: see measure.put_away.
    with tempfile.TemporaryDirectory(dir=settings.folder) as top:
        for name in choose(measurements, settings.only):
            print(f"{name} ...", file=sys.stderr, flush=True)
            folder = pathlib.Path(top, name)
            folder.mkdir()
            result = measurements[name](known, settings, folder)
            result["machine"] = machine(folder)
            for left in list(folder.iterdir()):
                if left.name != "used":
                    measure.put_away(left)
            text = json.dumps(result, indent=1) + "\n"
            (settings.results / f"{name}.json").write_text(text)
            results.append(result)
            sections = table.sections(result, table.plain)
            print("\n" + "\n\n".join(sections), flush=True)
    print("\n" + table.plain(table.goal_rows(results)))
    write_summary(settings.results, measurements)


def write_summary(folder, names):
    """Table and figures of all results that are there, of earlier runs too."""
    paths = [folder / f"{name}.json" for name in names]
    results = [json.loads(path.read_text()) for path in paths if path.exists()]
    page = table.markdown_page(results, results[-1]["machine"])
    (folder / "table.md").write_text(page)
    plots.tools(results, folder)
    plots.append_times(results, folder)
    print(f"\nwritten: {os.path.relpath(folder)}", file=sys.stderr)


main()
