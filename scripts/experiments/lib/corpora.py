"""The text of the studies as data sets: a byte-level vocabulary of a chosen size, learnt from the text, and a pair of .bin and .idx."""
import json
import pathlib
import subprocess
import sys

from study import ROOT, WORK, tool

SHARED = ROOT.parent / "shared/corpora"
DEFAULT = [SHARED / "stories/stories.jsonl"]


def dataset(corpus, vocabulary):
    """The prefix of the pair; 257 is one token a byte and the end of text. Made once for the same files."""
    files = [pathlib.Path(name) for name in corpus] or DEFAULT
    for file in files:
        if not file.exists():
            sys.exit(f"{file.name}: no such file; name JSON Lines of several megabytes with --corpus FILE...")
    folder = WORK / f"data/{vocabulary}"
    made_of = "".join(f"{file.name} {file.stat().st_size}\n" for file in files)
    if (folder / "made-of").exists():
        if (folder / "made-of").read_text() != made_of:
            sys.exit(f"{folder} was made of another corpus; set SLW_EXPERIMENTS to another folder")
        return folder / "text"
    folder.mkdir(parents=True, exist_ok=True)
    names = [str(file) for file in files]
    subprocess.run([tool("slwdata"), "tokenizer", "train", "--input", *names, "--vocab-size", str(vocabulary), "--output-dir", str(folder),
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([tool("slwdata"), "preprocess", "--input", *names, "--tokenizer", str(folder / "tokenizer.json"), "--append-eod",
                    "--output-prefix", str(folder / "text"), "--overwrite", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    (folder / "made-of").write_text(made_of)
    return folder / "text"


def training_targets(prefix, split, length):
    """Targets in one pass over the training documents: samples × length."""
    answer = subprocess.run([tool("slwdata"), "inspect", "samples", str(prefix), "--split", split, "--seq-length", str(length), "--json"],
                            check=True, capture_output=True, text=True).stdout
    return json.loads(answer)["samples"] * length
