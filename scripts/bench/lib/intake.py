"""What scripts/bench/parquet and scripts/bench/compressed have in common: peers, a text, timed processes, a table in docs/benchmarks.md."""
import datetime
import importlib.machinery
import importlib.util
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
VENV = pathlib.Path(os.environ.get("SLW_BENCH_VENV", ROOT / ".build/bench-venv"))
MEGABYTE = 1_000_000


def enter_environment(peers):
    """Goes on in the scratch environment's Python, with the peers in it: name on PyPI by the name to import."""
    python = VENV / "bin/python"
    if pathlib.Path(sys.prefix).resolve() == VENV.resolve():
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    if subprocess.run([python, "-c", f"import {', '.join(peers)}"], stderr=subprocess.DEVNULL).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", *peers.values()], check=True)
    os.execv(python, [str(python), *sys.argv])


def tokenize():
    """scripts/bench/tokenize as a module: it finds English on this machine and builds our program."""
    loader = importlib.machinery.SourceFileLoader("bench_tokenize", str(ROOT / "scripts/bench/tokenize"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def program(given):
    return given or tokenize().built()


def vocabulary(slwdata, folder):
    """GPT-2's, as tokenizer.json in `folder`."""
    gpt2 = subprocess.run([ROOT / "scripts/get-gpt2"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    subprocess.run([slwdata, "tokenizer", "convert", gpt2, "--to", "tokenizer.json", "--output-dir", folder], check=True, stdout=sys.stderr)
    return folder


def timed(command, cores):
    """Seconds of one fresh process on so many cores, by the clock and of the processor."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    environment = dict(os.environ, TOKENIZERS_PARALLELISM="true" if cores > 1 else "false", RAYON_NUM_THREADS=str(cores), OMP_NUM_THREADS=str(cores))
    # What the one before left unwritten would be waited for by the first one that syncs its files.
    os.sync()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], env=environment, stdout=subprocess.DEVNULL, stderr=errors,
                                   preexec_fn=lambda: os.sched_setaffinity(0, allowed))
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            errors.seek(0)
            sys.exit(f"{' '.join(str(part) for part in command[:3])} failed: {errors.read().decode(errors='replace')}")
    return seconds, used.ru_utime + used.ru_stime


def machine(script, arguments):
    return (f"`scripts/bench/{script} {arguments}`, {platform.machine()}, {len(os.sched_getaffinity(0))} cores, {datetime.date.today()}; "
            f"load average at the end {os.getloadavg()[0]:.1f}.")


def publish(name, title, text, write, page="docs/benchmarks.md"):
    """Prints the table, and puts it into a page of the docs when asked to."""
    print(text)
    if not write:
        return
    page = ROOT / page
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    old = page.read_text()
    if begin not in old:
        old = old.rstrip() + f"\n\n## {title}\n\n{begin}\n{end}\n"
    head, rest = old.split(begin)
    page.write_text(head + begin + "\n" + text + "\n" + end + rest.split(end)[1])
