"""Writes a golden of PyTorch's gradients: see pytorch-gradients. Usage: pytorch_gradients.py FILE SEED

Little-endian, without gaps: int32 x 7 (layers, width, heads, vocabulary, context, rows, length); int32 inputs, targets, segments, positions
(rows x length each); float64 loss; float32 weights, then gradients, in the order of the layout.
"""

import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from torch_gpt import GPT, layout

path, seed = sys.argv[1], int(sys.argv[2])
layers, width, heads, vocabulary, context, rows, length = 2, 24, 3, 131, 80, 3, 80
random = np.random.default_rng(seed)

weights = {}
for name, shape in layout(layers, width, vocabulary, context):
    middle = 1.0 if "ln_" in name and name.endswith("weight") else 0.0
    weights[name] = (middle + 0.15 * random.standard_normal(shape)).astype(np.float32)

inputs, targets = (random.integers(0, vocabulary, (rows, length)) for _ in range(2))
segments, positions = np.zeros((rows, length), np.int64), np.zeros((rows, length), np.int64)
for row in range(rows):
    # Row 0 is one sample, row 1 is packed, row 2 is packed and ends in padding.
    borders = [0] if row == 0 else sorted({0, *random.integers(1, length, 5)})
    for number, (start, end) in enumerate(zip(borders, borders[1:] + [length])):
        segments[row, start:end] = number
        positions[row, start:end] = np.arange(end - start)
    if row == 2:
        segments[row, -9:], positions[row, -9:], targets[row, -9:] = -1, 0, -1
targets[1, ::7] = -1

same = (segments[:, :, None] == segments[:, None, :]) & (segments[:, :, None] >= 0)
mask = torch.from_numpy((same & np.tril(np.ones((length, length), bool))) | np.eye(length, dtype=bool))[:, None]

torch.set_default_dtype(torch.float64)
model = GPT({name: array.astype(np.float64) for name, array in weights.items()}, layers, heads)
loss = model(*(torch.from_numpy(array) for array in (inputs, targets, positions)), mask=mask)
loss.backward()

with open(path, "wb") as file:
    file.write(np.array([layers, width, heads, vocabulary, context, rows, length], "<i4").tobytes())
    for array in (inputs, targets, segments, positions):
        file.write(array.astype("<i4").tobytes())
    file.write(np.array([loss.item()], "<f8").tobytes())
    for array in weights.values():
        file.write(array.astype("<f4").tobytes())
    for name in weights:
        file.write(model.tensor(name).grad.numpy().astype("<f4").tobytes())
print(f"{path}: loss {loss.item():.6f}, seed {seed}")
