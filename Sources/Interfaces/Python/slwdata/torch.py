"""The loader as a `torch.utils.data.IterableDataset`. Use it with `DataLoader(dataset, batch_size=None)`, or without."""

import torch

from .loader import IGNORED, Loader


class WarmupDataset(torch.utils.data.IterableDataset):
    """Batches of growing length as dictionaries of int64 tensors.

    Rank and world size come from `torch.distributed` when it is initialised. The library prefetches on a thread of its own, so
    `DataLoader` workers would only copy: with `num_workers` above zero this raises instead of repeating data.

    Keys: input_ids, labels (-100 where nothing is trained), segment_ids (-1 on padding), position_ids; cu_seqlens (int32) and max_seqlen for
    attention over variable lengths, its rows laid end to end; loss_weights (float32) where data sets have them; step, length,
    global_target_count as numbers, completes_step as a flag.
    """

    def __init__(self, data, **options):
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        options.setdefault("rank", torch.distributed.get_rank() if distributed else 0)
        options.setdefault("world_size", torch.distributed.get_world_size() if distributed else 1)
        self.loader = Loader(data, **options)

    def __iter__(self):
        if torch.utils.data.get_worker_info() is not None:
            raise RuntimeError("WarmupDataset prefetches by itself: use DataLoader(dataset, batch_size=None, num_workers=0)")
        for batch in self.loader:
            # The copy to int64 is what an embedding wants anyway, and frees the loader's buffer for the next batch.
            labels = torch.from_numpy(batch.labels).to(torch.int64)
            tensors = {
                "input_ids": torch.from_numpy(batch.input_ids).to(torch.int64),
                "labels": labels.masked_fill_(labels < 0, IGNORED),
                "segment_ids": torch.from_numpy(batch.segment_ids).to(torch.int64),
                "position_ids": torch.from_numpy(batch.position_ids).to(torch.int64),
                "cu_seqlens": torch.from_numpy(batch.cu_seqlens.copy()),
                "max_seqlen": batch.max_seqlen,
                "step": batch.step,
                "length": batch.length,
                "global_target_count": batch.global_target_count,
                "completes_step": batch.completes_step,
            }
            weights = batch.loss_weights
            if weights is not None:
                tensors["loss_weights"] = torch.from_numpy(weights.copy())
            yield tensors

    def state_dict(self) -> dict:
        return self.loader.state_dict()

    def load_state_dict(self, state: dict) -> None:
        self.loader.load_state_dict(state)


def segment_mask(segment_ids: torch.Tensor) -> torch.Tensor:
    """The attention mask (rows, 1, length, length) for `scaled_dot_product_attention`: causal, and never across a segment border."""
    length = segment_ids.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=segment_ids.device).tril()
    same = segment_ids[:, :, None] == segment_ids[:, None, :]
    return (causal & same)[:, None]
