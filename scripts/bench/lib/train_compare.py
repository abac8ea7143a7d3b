"""Runs slw-train bench, train_torch.py and train_llmc.c in turns, compares losses, prints and records times: see scripts/bench/train."""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- train: begin -->", "<!-- train: end -->"
SHAPES = ["4x256:8x8", "4x256:8x16", "4x256:8x64", "4x256:8x256", "4x256:8x1024", "12x768:4x64", "12x768:4x256"]
STEPS = int(os.environ.get("STEPS", "9"))
LLMC_STEPS = min(STEPS, int(os.environ.get("LLMC_STEPS", "3")))
BLAS_CORE = os.environ.get("BLAS_CORE", "measure")
WARMUP = 2  # steps of each program before the timed ones
REST = 0.3  # seconds before each turn: the threads of the program before still spin for work (OpenMP's do for a while)


class Program:
    """A program that takes one step for each line it is sent and answers with {"loss":, "seconds":}, at the end with its peak."""

    def __init__(self, name, command, steps=STEPS, clips=True):
        command = [str(word) for word in command]
        self.name, self.steps, self.clips = name, WARMUP + steps, clips
        self.losses, self.seconds = [], []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def step(self):
        time.sleep(REST)
        self.process.stdin.write("go\n")
        answer = json.loads(self.process.stdout.readline())
        self.losses.append(answer["loss"])
        self.seconds.append(answer["seconds"])

    def finish(self):
        time.sleep(REST)
        self.process.stdin.close()
        self.last = json.loads(self.process.stdout.readline())
        self.process.wait()
        self.median = statistics.median(self.seconds[WARMUP:])


def start_programs(slw_train, scratch, layers, width, heads, rows, length):
    programs = [
        Program("slw-train", [
            slw_train, "bench", "--num-layers", layers, "--hidden-size", width, "--num-attention-heads", heads, "--micro-batch-size", rows,
            "--seq-length", length, "--steps", WARMUP + STEPS, "--on-request", "--json", "--blas-core", BLAS_CORE])]
    for kind in ["eager"] + (["compiled"] if os.environ.get("COMPILE", "1") != "0" else []):
        programs.append(Program(kind, [sys.executable, HERE / "train_torch.py", kind, layers, width, heads, rows, length]))
    if "TRAIN_LLMC" in os.environ:
        files = [scratch + "/checkpoint", scratch + "/tokens"]
        subprocess.run([sys.executable, HERE / "train_llmc.py", *map(str, [layers, width, heads, rows, length]), *files], check=True)
        programs.append(Program("llm.c", [os.environ["TRAIN_LLMC"], *files, rows, length], steps=LLMC_STEPS, clips=False))
    return programs


def check_losses(ours, theirs, shape):
    # Adam's first step is the same for any length of the gradient; what is not clipped goes elsewhere from the second on.
    for step in range(3 if theirs.clips else 2):
        difference = abs(ours.losses[step] - theirs.losses[step])
        if difference > 1e-4 * ours.losses[step]:
            sys.exit(f"train: {shape}: loss of step {step + 1} differs: {ours.losses[step]} and {theirs.losses[step]} ({theirs.name})")


def compare(slw_train, shape):
    """The row of the table for this shape."""
    model, batch = shape.split(":")
    layers, width = map(int, model.split("x"))
    rows, length = map(int, batch.split("x"))
    with tempfile.TemporaryDirectory() as scratch:
        programs = start_programs(slw_train, scratch, layers, width, width // 64, rows, length)
        for step in range(WARMUP + STEPS):
            for program in programs:
                if step < program.steps:
                    program.step()
        for program in programs:
            program.finish()

    ours, eager = programs[:2]
    for theirs in programs[1:]:
        check_losses(ours, theirs, shape)
    speed = {program.name: rows * length / program.median for program in programs}
    row = [f"{layers} × {width}", str(rows), str(length), str(STEPS), f"{speed['slw-train']:.0f}"]
    for name in ["eager", "compiled", "llm.c"]:
        row += [f"{speed[name]:.0f}", f"{speed['slw-train'] / speed[name]:.2f}×"] if name in speed else ["–", "–"]
    peak, their_peak = ours.last["peak_bytes"], eager.last["peak_bytes"]
    llmc_peak = "".join(f"{program.last['peak_bytes'] / 1e6:.0f}" for program in programs if program.name == "llm.c")
    share = ours.last["flops"] / ours.last["machine_flops"]
    row += [f"{peak / 1e6:.0f}", f"{their_peak / 1e6:.0f}", f"{their_peak / peak:.1f}×", llmc_peak or "–", f"{100 * share:.0f} %"]
    print(" | ".join(row), f"(losses agree, first {ours.losses[0]:.6f} and {eager.losses[0]:.6f})", flush=True)
    return row


HEADS = ["model", "B", "T", "steps", "slw-train tokens/s", "PyTorch eager", "ratio", "torch.compile", "ratio", "llm.c", "ratio", "our peak MB",
         "PyTorch's", "ratio", "llm.c's", "of SGEMM peak"]


def table_line(cells):
    return "| " + " | ".join(cells) + " |"


def shape_of(row):
    """(layers, width, B, T) of a row's first cells."""
    return (*map(int, row[0].split(" × ")), int(row[1]), int(row[2]))


def merged_rows(old_table, new_rows):
    """The rows of the table that stands, where its columns are these, with the new ones in the place of those of their shapes."""
    lines = [line for line in old_table.splitlines() if line.startswith("|")]
    old_rows = [line.strip("| ").split(" | ") for line in lines[2:]] if lines[:1] == [table_line(HEADS)] else []
    return [row for _, row in sorted({shape_of(row): row for row in old_rows + new_rows}.items())]


def main():
    slw_train = sys.argv[1]
    rows = [compare(slw_train, shape) for shape in sys.argv[2:] or SHAPES]
    print(f"load of the machine at the end {os.getloadavg()[1]:.1f}")
    import torch

    text = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n"
    if BEGIN not in text:
        text += f"\n## Training steps\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    old, after = rest.split(END, 1)
    lines = [
        f"`scripts/bench/train`, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors ({platform.machine()}), PyTorch {torch.__version__}, "
        f"medians of steps taken in turns, of llm.c at most {LLMC_STEPS}; OpenBLAS's kernels in slw-train by `--blas-core {BLAS_CORE}`; llm.c has no clipping, which saves it a pass over the gradients.", "",
        table_line(HEADS), "|" + "---|" * len(HEADS), *map(table_line, merged_rows(old, rows))]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    main()
