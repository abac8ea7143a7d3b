"""GPT-2 in PyTorch on one page, with Hugging Face's parameter names, for the examples: the same network that slw-train trains."""

import json
import math
import pathlib
import struct

import torch
from torch import nn
from torch.nn import functional as F


class Linear(nn.Module):
    """GPT-2's `Conv1D`: the weight is (inputs, outputs)."""

    def __init__(self, inputs: int, outputs: int, deviation: float):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * deviation)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.reshape(-1, x.shape[-1]), self.weight).view(*x.shape[:-1], -1)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, layers: int):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.Module()
        self.attn.c_attn = Linear(width, 3 * width, 0.02)
        self.attn.c_proj = Linear(width, width, 0.02 / math.sqrt(2 * layers))
        self.mlp = nn.Module()
        self.mlp.c_fc = Linear(width, 4 * width, 0.02)
        self.mlp.c_proj = Linear(4 * width, width, 0.02 / math.sqrt(2 * layers))

    def forward(self, x, mask):
        rows, length, width = x.shape
        split = lambda y: y.view(rows, length, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = map(split, self.attn.c_attn(self.ln_1(x)).split(width, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.attn.c_proj(y.transpose(1, 2).reshape(rows, length, width))
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT(nn.Module):
    """(rows, length) token ids -> (rows, length, vocabulary) logits; the output matrix is the token embedding."""

    def __init__(self, vocabulary: int, context: int, layers: int, width: int, heads: int):
        super().__init__()
        self.shape = dict(vocab_size=vocabulary, n_positions=context, n_layer=layers, n_embd=width, n_head=heads)
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.h = nn.ModuleList(Block(width, heads, layers) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, ids, positions, mask):
        x = self.wte(ids) + self.wpe(positions)
        for block in self.h:
            x = block(x, mask)
        return self.ln_f(x) @ self.wte.weight.T


def save_pretrained(model: GPT, folder: str) -> None:
    """A Hugging Face folder: config.json and model.safetensors, written with nothing but the standard library."""
    path = pathlib.Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": "gelu_new",
              "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True} | model.shape
    (path / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    header, blobs, offset = {}, [], 0
    for name, parameter in model.named_parameters():
        blob = parameter.detach().float().contiguous().numpy().tobytes()
        header["transformer." + name] = {"dtype": "F32", "shape": list(parameter.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load_pretrained(model: GPT, folder: str) -> None:
    """Reads what `save_pretrained` or `slw-train export` wrote."""
    raw = (pathlib.Path(folder) / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            entry = header.get("transformer." + name) or header[name]
            start, end = entry["data_offsets"]
            values = torch.frombuffer(bytearray(raw[8 + size + start : 8 + size + end]), dtype=torch.float32)
            parameter.copy_(values.view(entry["shape"]))
