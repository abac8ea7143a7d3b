"""Runs slw-train bench and train_torch.py in turns, compares losses, prints and records times: see scripts/bench/train."""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- train: begin -->", "<!-- train: end -->"
SHAPES = ["4x256:8x8", "4x256:8x16", "4x256:8x64", "4x256:8x256", "4x256:8x1024", "12x768:4x64", "12x768:4x256"]
STEPS = int(os.environ.get("STEPS", "9"))
REST = 0.3  # seconds before each turn: the threads of the program before still spin for work (OpenMP's do for a while)


class Program:
    """A program that takes one step for each line it is sent and answers with {"loss":, "seconds":}, at the end with its peak."""

    def __init__(self, name, command):
        command = [str(word) for word in command]
        self.name, self.losses, self.seconds = name, [], []
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
        self.median = statistics.median(self.seconds[2:])


def compare(slw_train, shape):
    model, batch = shape.split(":")
    layers, width = map(int, model.split("x"))
    rows, length = map(int, batch.split("x"))
    heads = width // 64
    total = STEPS + 2
    programs = [
        Program("slw-train", [
            slw_train, "bench", "--num-layers", layers, "--hidden-size", width, "--num-attention-heads", heads, "--micro-batch-size", rows,
            "--seq-length", length, "--steps", total, "--on-request", "--json"])]
    for kind in ["eager"] + (["compiled"] if os.environ.get("COMPILE", "1") != "0" else []):
        programs.append(Program(kind, [sys.executable, HERE / "train_torch.py", kind, layers, width, heads, rows, length]))
    for _ in range(total):
        for program in programs:
            program.step()
    for program in programs:
        program.finish()

    ours, eager = programs[:2]
    for theirs in programs[1:]:
        for step in range(3):
            difference = abs(ours.losses[step] - theirs.losses[step])
            if difference > 1e-4 * ours.losses[step]:
                sys.exit(f"train: {shape}: loss of step {step + 1} differs: {ours.losses[step]} and {theirs.losses[step]} ({theirs.name})")
    tokens = rows * length
    speed = {program.name: tokens / program.median for program in programs}
    row = [f"{layers} × {width}", str(rows), str(length), f"{speed['slw-train']:.0f}", f"{speed['eager']:.0f}",
           f"{speed['slw-train'] / speed['eager']:.2f}×"]
    if "compiled" in speed:
        row += [f"{speed['compiled']:.0f}", f"{speed['slw-train'] / speed['compiled']:.2f}×"]
    else:
        row += ["–", "–"]
    peak, their_peak = ours.last["peak_bytes"], eager.last["peak_bytes"]
    share = ours.last["flops"] / ours.last["machine_flops"]
    row += [f"{peak / 1e6:.0f}", f"{their_peak / 1e6:.0f}", f"{their_peak / peak:.1f}×", f"{100 * share:.0f} %"]
    print(" | ".join(row), f"(losses agree, first {ours.losses[0]:.6f} and {eager.losses[0]:.6f})", flush=True)
    return row


def main():
    slw_train = sys.argv[1]
    rows = [compare(slw_train, shape) for shape in sys.argv[2:] or SHAPES]
    heads = ["model", "B", "T", "slw-train tokens/s", "PyTorch eager", "ratio", "torch.compile", "ratio", "our peak MB", "PyTorch's", "ratio",
             "of SGEMM peak"]
    import torch

    lines = [
        f"`scripts/bench/train`, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors ({platform.machine()}), PyTorch {torch.__version__}, "
        f"medians of {STEPS} steps taken in turns; load of the machine at the end {os.getloadavg()[1]:.1f}.", "",
        "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    text = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n"
    if BEGIN not in text:
        text += f"\n## Training steps\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1])


if __name__ == "__main__":
    main()
