"""Trains a small GPT under torch.distributed (gloo, CPU) on slwdata's loader: length warmup, tails reused, exact resume.

    torchrun --nproc-per-node 2 scripts/examples/train_gpt.py --data some --run-dir runs/torch

Kill it anywhere; the same command continues from the last checkpoint, also with another --nproc-per-node. The gradient is the sum
over all targets of the step divided by their number, so that neither world size nor micro-batches change what is computed.
"""

import argparse
import json
import os
import pathlib
import sys

import torch
import torch.distributed as dist
from torch.nn import functional as F

root = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(root / "Sources" / "Interfaces" / "Python"), str(root / "scripts" / "examples")]
from gpt import GPT, load_pretrained, save_pretrained  # noqa: E402
from slwdata.torch import WarmupDataset, segment_mask  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="prefix of the .bin/.idx pair")
    parser.add_argument("--run-dir", required=True)
    parser.add_argument("--vocab-size", type=int, required=True)
    parser.add_argument("--seq-length", type=int, default=64)
    parser.add_argument("--global-batch-size", type=int, default=8)
    parser.add_argument("--micro-batch-size", type=int, default=4)
    parser.add_argument("--train-tokens", default="40K")
    parser.add_argument("--slw-start", type=int, default=8)
    parser.add_argument("--slw-steps", type=int, default=40)
    parser.add_argument("--tails", default="reuse")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--checkpoint-interval", type=int, default=10)
    parser.add_argument("--init-from", help="folder with config.json and model.safetensors")
    parser.add_argument("--save-init", help="write the initial weights there and stop")
    parser.add_argument("--die-at-step", type=int, help="SIGKILL oneself there (for the demonstration)")
    return parser.parse_args()


def main():
    options = arguments()
    torch.manual_seed(options.seed)
    model = GPT(options.vocab_size, options.seq_length, layers=2, width=64, heads=4)
    if options.init_from:
        load_pretrained(model, options.init_from)
    if options.save_init:
        return save_pretrained(model, options.save_init)

    dist.init_process_group("gloo")
    rank = dist.get_rank()
    run = pathlib.Path(options.run_dir)
    run.mkdir(parents=True, exist_ok=True)
    data = WarmupDataset(
        options.data, seq_length=options.seq_length, global_batch_size=options.global_batch_size,
        micro_batch_size=options.micro_batch_size, train_tokens=options.train_tokens, slw_pacing="linear",
        slw_start=options.slw_start, slw_steps=options.slw_steps, tails=options.tails, seed=options.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, betas=(0.9, 0.95), weight_decay=0.1)

    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        data.load_state_dict(state["data"])
        if rank == 0:
            print(f"resumed after step {state['step']} with {dist.get_world_size()} process(es)", flush=True)

    loss_sum = torch.zeros(1, dtype=torch.float64)

    def finish(step, targets, length):
        """All micro-batches of a step are in: sum the gradients over the ranks, update, log, save."""
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        dist.all_reduce(loss_sum)
        if rank == 0:
            with open(run / "metrics.jsonl", "a") as log:
                log.write(json.dumps({"step": step, "length": length, "loss": loss_sum.item() / targets}) + "\n")
        loss_sum.zero_()

    def save(step):
        if rank == 0:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "data": data.state_dict(), "step": step}
            torch.save(state, run / "checkpoint.partial")
            os.replace(run / "checkpoint.partial", checkpoint)
        dist.barrier()

    step = 0
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for batch in data:
        step = batch["step"]
        logits = model(batch["input_ids"], batch["position_ids"], segment_mask(batch["segment_ids"]))
        loss = F.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), reduction="sum")
        loss_sum += loss.detach().double()
        (loss / batch["global_target_count"]).backward()
        if not batch["completes_step"]:
            continue
        finish(step, batch["global_target_count"], batch["length"])
        if step % options.checkpoint_interval == 0:
            save(step)
        if options.die_at_step == step:
            os.kill(os.getpid(), 9)
    if rank == 0:
        print(json.dumps({"steps": step, "digest": data.loader.digest, **data.loader.counts}), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
