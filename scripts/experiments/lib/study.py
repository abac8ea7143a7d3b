"""Runs of a study: each trained once, resumed when it was interrupted, read back through `slw-train report --json`.

A study is a list of variants (a name and options of slw-train), crossed with learning rates and seeds. Runs live under
${SLW_EXPERIMENTS:-.build/experiments}/<study>/<variant>/lr-<rate>/seed-<seed>; a finished run is not trained again, so a study can be
stopped at any time and started again with the same command. Every run uses one thread (its bits do not depend on that), several run at a time.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
WORK = pathlib.Path(os.environ.get("SLW_EXPERIMENTS", ROOT / ".build/experiments"))
PAGES = ROOT / "docs/experiments"
TOOLS = pathlib.Path(os.environ.get("SLW_TOOLS", ROOT / ".build/release"))


def tool(name):
    path = TOOLS / name
    if not path.exists():
        sys.exit(f"{path} is missing; run: SLW_DEVELOP=1 swift build -c release")
    return str(path)


class Run:
    """One training run of a study."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options

    def train(self):
        """Trains, resumes or does nothing; raises when slw-train fails."""
        if self.is_finished():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        started = (self.folder / "config.json").exists()
        if not started:
            shutil.rmtree(self.folder, ignore_errors=True)
        command = [tool("slw-train")] + (["resume", str(self.folder)] if started else self.options + ["--run-dir", str(self.folder)])
        log = self.folder.with_suffix(self.folder.suffix + ".log")
        with open(log, "ab") as output:
            if subprocess.run(command, stdout=output, stderr=output).returncode:
                raise RuntimeError(f"{self.folder.relative_to(WORK)} failed; see {log.name} beside it")
        (self.folder / "finished").touch()

    def is_finished(self):
        return (self.folder / "finished").exists()

    def summary(self):
        """The figures of `slw-train report --json`."""
        text = subprocess.run([tool("slw-train"), "report", str(self.folder), "--json"], check=True, capture_output=True, text=True).stdout
        return json.loads(text)["runs"][0]

    def records(self, kind):
        """The lines of metrics.jsonl of a kind ("step", "validation")."""
        with open(self.folder / "metrics.jsonl") as lines:
            return [record for record in map(json.loads, lines) if record.get("kind") == kind]


class Study:
    """Variants × learning rates × seeds."""

    def __init__(self, name, common, variants, rates, seeds):
        self.name, self.variants, self.rates, self.seeds = name, variants, rates, seeds
        self.runs = {
            (variant, rate, seed): Run(
                WORK / name / variant.replace(" ", "-").replace(",", "") / f"lr-{rate}" / f"seed-{seed}",
                common + options + ["--lr", rate, "--seed", str(seed), "--threads", "1", "--no-tensorboard", "--log-interval", "50"])
            for variant, options in variants.items() for rate in rates for seed in seeds}

    def train(self, parallel):
        """Seeds outermost, so that a study stopped early has complete tables of fewer seeds."""
        order = [self.runs[variant, rate, seed] for seed in self.seeds for rate in self.rates for variant in self.variants]
        waiting = [run for run in order if not run.is_finished()]
        print(f"{self.name}: {len(order)} runs, {len(order) - len(waiting)} of them finished before", flush=True)
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            for count, _ in enumerate(pool.map(Run.train, waiting), 1):
                print(f"{self.name}: {count} of {len(waiting)}", flush=True)

    def require_results(self):
        """Ends the program when a cell has no finished run: no table without it."""
        for (variant, rate, _) in self.runs:
            if not self.finished(variant, rate):
                sys.exit(f"{self.name}: no run of {variant} at {rate} is finished; run without --only-tables")

    def finished(self, variant, rate):
        """The finished runs of a cell, one a seed."""
        return [run for run in (self.runs[variant, rate, seed] for seed in self.seeds) if run.is_finished()]


def arguments(description, seeds=3):
    """The options that every study has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", default=[], metavar="FILE", help="JSON Lines (../shared/corpora/stories/stories.jsonl)")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"seeds of each cell ({seeds})")
    parser.add_argument("--parallel", type=int, default=os.cpu_count(), help="runs at a time (one a processor)")
    parser.add_argument("--write", action="store_true", help="put tables and pictures into docs/experiments")
    parser.add_argument("--only-tables", action="store_true", help="train nothing; tables of what is finished")
    return parser.parse_args()


def spread(values, decimals=3):
    """`mean ± standard deviation`, or a dash; what is not finite is counted, not averaged."""
    finite = [value for value in values if value is not None and abs(value) < float("inf") and value == value]
    if not finite:
        return "–"
    text = f"{statistics.mean(finite):.{decimals}f}"
    if len(finite) > 1:
        text += f" ± {statistics.stdev(finite):.{decimals}f}"
    return text + (f" ({len(values) - len(finite)} not finite)" if len(finite) < len(values) else "")


def table(headings, rows):
    """Markdown; the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(headings) + " |", "|---|" + "---:|" * (len(headings) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def machine():
    return f"{platform.machine()}, {os.cpu_count()} cores, {datetime.date.today()}"


def write(page, name, text, pictures={}):
    """Replaces what stands between the markers `name` of a page under docs/experiments, and the pictures beside it."""
    path = PAGES / page
    old = path.read_text()
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, rest = old.split(begin)
    path.write_text(head + begin + "\n" + text + "\n" + end + rest.split(end)[1])
    for picture, content in pictures.items():
        (PAGES / picture).write_text(content)
