"""Opens a pair of ours with megatron-core and compares everything in it; then writes it again with megatron's builder and compares the bytes.

usage: megatron_core_check.py OURS THEIRS    (prefixes; THEIRS is written)
"""

import logging
import struct
import sys
import warnings

warnings.simplefilter("ignore")

import numpy
import torch
from megatron.core.datasets.indexed_dataset import DType, IndexedDataset, IndexedDatasetBuilder

logging.disable(logging.INFO)
ours, theirs = sys.argv[1:]

# An independent reading, with nothing but the format's description.
with open(ours + ".idx", "rb") as file:
    index = file.read()
assert index[:9] == b"MMIDIDX\0\0"
version, code, sequences, entries = struct.unpack_from("<QBQQ", index, 9)
dtype = {4: "<i4", 8: "<u2"}[code]
lengths = numpy.frombuffer(index, "<i4", sequences, 34)
documents = numpy.frombuffer(index, "<i8", entries, 34 + 12 * sequences)
tokens = numpy.fromfile(ours + ".bin", dtype)
starts = numpy.concatenate([[0], numpy.cumsum(lengths, dtype=numpy.int64)])

dataset = IndexedDataset(ours)
assert len(dataset) == sequences, (len(dataset), sequences)
assert numpy.array_equal(dataset.sequence_lengths, lengths)
assert numpy.array_equal(dataset.document_indices, documents)
for i in range(sequences):
    assert numpy.array_equal(dataset[i], tokens[starts[i] : starts[i + 1]]), i

builder = IndexedDatasetBuilder(theirs + ".bin", dtype=DType.dtype_from_code(code))
for d in range(entries - 1):
    for i in range(documents[d], documents[d + 1]):
        builder.add_item(torch.from_numpy(tokens[starts[i] : starts[i + 1]].astype(numpy.int64)))
    builder.end_document()
builder.finalize(theirs + ".idx")
for ending in (".bin", ".idx"):
    with open(ours + ending, "rb") as a, open(theirs + ending, "rb") as b:
        assert a.read() == b.read(), ending
print(f"{ours.rsplit('/', 1)[-1]}: {entries - 1} documents, {sequences} sequences, {len(tokens)} tokens equal")
