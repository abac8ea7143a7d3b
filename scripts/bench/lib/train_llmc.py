"""Writes what train_llmc.c reads, from the seed that the other sides use. Usage: train_llmc.py LAYERS WIDTH HEADS ROWS LENGTH CHECKPOINT TOKENS"""

import pathlib
import sys

import numpy as np
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from torch_gpt import batch_tokens, initial_weights

layers, width, heads, rows, length = map(int, sys.argv[1:6])
checkpoint, token_file = sys.argv[6:8]
vocabulary, padded = 50257, 50304  # llm.c rounds the vocabulary up to a multiple of 128; the rows in excess stay zero
weights = initial_weights(layers, width, vocabulary, length, seed=1)
weights["wte.weight"] = np.pad(weights["wte.weight"], ((0, padded - vocabulary), (0, 0)))

# The header is 256 int32: magic, version 3 (fp32, padded), sizes. Then each kind of tensor for all layers, linear weights as (outputs, inputs).
header = np.zeros(256, np.int32)
header[:8] = 20240326, 3, length, vocabulary, layers, heads, width, padded
with open(checkpoint, "wb") as file:
    header.tofile(file)
    for name in ("wte.weight", "wpe.weight"):
        weights[name].tofile(file)
    for part in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"):
        for kind in ("weight", "bias"):
            for layer in range(layers):
                np.ascontiguousarray(weights[f"h.{layer}.{part}.{kind}"].T).tofile(file)
    for name in ("ln_f.weight", "ln_f.bias"):
        weights[name].tofile(file)
with open(token_file, "wb") as file:
    for tokens in batch_tokens(rows, length, vocabulary, seed=1):
        tokens.numpy().astype(np.int32).tofile(file)
