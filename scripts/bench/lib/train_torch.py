"""PyTorch's side of scripts/bench/train: a step for each line on standard input. Usage: train_torch.py eager|compiled LAYERS WIDTH HEADS ROWS LENGTH"""

import json
import pathlib
import resource
import sys
import time

import torch
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from torch_gpt import GPT, batch_tokens, initial_weights

kind = sys.argv[1]
layers, width, heads, rows, length = map(int, sys.argv[2:7])
vocabulary = 50257
weights = initial_weights(layers, width, vocabulary, length, seed=1)
model = GPT(weights, layers, heads)
matrices = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() == 1]
adam = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=1e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
inputs, targets = batch_tokens(rows, length, vocabulary, seed=1)
del weights
forward = torch.compile(model) if kind == "compiled" else model

for _ in sys.stdin:
    start = time.perf_counter()
    loss = forward(inputs, targets) / (rows * length)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adam.step()
    adam.zero_grad(set_to_none=True)
    print(json.dumps({"loss": loss.item(), "seconds": time.perf_counter() - start}), flush=True)
print(json.dumps({"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
