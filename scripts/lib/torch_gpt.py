"""The same GPT-2 as our Transformer module, in plain PyTorch, with weights and batch that both sides compute from a seed.

Used by scripts/bench/train (time, memory) and scripts/compat/pytorch-gradients (every gradient).
"""

import numpy as np
import torch
import torch.nn.functional as F


def layout(layers, width, vocabulary, context):
    """(name, shape) in the order of our flat buffers, Hugging Face's names; linear weights are (inputs, outputs)."""
    yield "wte.weight", (vocabulary, width)
    yield "wpe.weight", (context, width)
    for layer in range(layers):
        for name, shape in (
            ("ln_1", (width,)),
            ("attn.c_attn", (width, 3 * width)),
            ("attn.c_proj", (width, width)),
            ("ln_2", (width,)),
            ("mlp.c_fc", (width, 4 * width)),
            ("mlp.c_proj", (4 * width, width)),
        ):
            yield f"h.{layer}.{name}.weight", shape
            yield f"h.{layer}.{name}.bias", shape[-1:]
    yield "ln_f.weight", (width,)
    yield "ln_f.bias", (width,)


def mixed(values):
    """SplitMix64's finaliser."""
    with np.errstate(over="ignore"):
        z = np.asarray(values, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def initial_weights(layers, width, vocabulary, context, seed):
    """What GPT.initialise(seed:) gives, name -> array: normal numbers by Box and Muller from hashes of (seed, tensor, place)."""
    weights = {}
    for index, (name, shape) in enumerate(layout(layers, width, vocabulary, context)):
        count = int(np.prod(shape))
        if len(shape) == 1:
            weights[name] = np.full(shape, 1.0 if name.endswith("weight") else 0.0, np.float32)
            continue
        with np.errstate(over="ignore"):
            key = mixed(mixed(np.uint64(seed)) + np.uint64(index))
        bits = mixed(key ^ mixed(np.arange(0, count, 2, dtype=np.uint64)))
        deviation = 0.02 / np.sqrt(2 * layers) if name.endswith("c_proj.weight") else 0.02
        radius = np.sqrt(-2 * np.log(((bits >> np.uint64(32)).astype(np.float64) + 0.5) / 2**32)) * deviation
        angle = (bits & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32 * 2 * np.pi
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        weights[name] = pairs.reshape(-1)[:count].astype(np.float32).reshape(shape)
    return weights


def batch_tokens(rows, length, vocabulary, seed):
    """(inputs, targets), each (rows, length)."""
    with np.errstate(over="ignore"):
        tokens = mixed(np.uint64(seed) + np.arange(rows * length + 1, dtype=np.uint64)) % np.uint64(vocabulary)
    tokens = torch.from_numpy(tokens.astype(np.int64))
    return tokens[:-1].reshape(rows, length), tokens[1:].reshape(rows, length)


class GPT(torch.nn.Module):
    """Pre-norm blocks, GELU in the tanh form, tied embeddings, scaled_dot_product_attention."""

    def __init__(self, weights, layers, heads):
        super().__init__()
        self.layers, self.heads = layers, heads
        self.weights = torch.nn.ParameterDict({name.replace(".", "_"): torch.from_numpy(array.copy()) for name, array in weights.items()})

    def tensor(self, name):
        return self.weights[name.replace(".", "_")]

    def linear(self, x, name):
        return torch.addmm(self.tensor(name + ".bias"), x.reshape(-1, x.shape[-1]), self.tensor(name + ".weight")).view(*x.shape[:-1], -1)

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.tensor(name + ".weight"), self.tensor(name + ".bias"))

    @staticmethod
    def attend(q, k, v, mask, spans):
        """Causal attention of (rows,H,T,D): over whole rows, by a mask, or span by span of all rows laid end to end, as kernels for variable lengths do."""
        if spans is None:
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        rows, heads, length, width = q.shape
        flat = [part.transpose(1, 2).reshape(rows * length, heads, width).transpose(0, 1) for part in (q, k, v)]
        parts = [
            F.scaled_dot_product_attention(*(part[:, begin:end] for part in flat), is_causal=True)
            for begin, end in zip(spans[:-1].tolist(), spans[1:].tolist())
        ]
        return torch.cat(parts, dim=1).transpose(0, 1).reshape(rows, length, heads, width).transpose(1, 2)

    def forward(self, inputs, targets, positions=None, mask=None, spans=None, weights=None):
        """Sum of the losses of all targets but -1, each times its weight.

        Attention is causal over the rows; or `mask` (rows,1,T,T) says who sees whom; or `spans` are the borders within which (cu_seqlens).
        """
        rows, length = inputs.shape
        if positions is None:
            positions = torch.arange(length)
        x = F.embedding(inputs, self.tensor("wte.weight")) + F.embedding(positions, self.tensor("wpe.weight"))
        for layer in range(self.layers):
            qkv = self.linear(self.norm(x, f"h.{layer}.ln_1"), f"h.{layer}.attn.c_attn")
            q, k, v = (part.view(rows, length, self.heads, -1).transpose(1, 2) for part in qkv.chunk(3, dim=-1))
            attended = self.attend(q, k, v, mask, spans)
            x = x + self.linear(attended.transpose(1, 2).reshape(rows, length, -1), f"h.{layer}.attn.c_proj")
            hidden = self.linear(self.norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc")
            x = x + self.linear(F.gelu(hidden, approximate="tanh"), f"h.{layer}.mlp.c_proj")
        logits = self.norm(x, "ln_f") @ self.tensor("wte.weight").T
        logits, targets = logits.view(-1, logits.shape[-1]), targets.reshape(-1)
        if weights is None:
            return F.cross_entropy(logits, targets, ignore_index=-1, reduction="sum")
        return (weights.reshape(-1) * F.cross_entropy(logits, targets, ignore_index=-1, reduction="none")).sum()
