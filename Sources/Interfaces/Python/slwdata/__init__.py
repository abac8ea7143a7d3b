"""slwdata's length-warmup loader for Python: ctypes over the dynamic library, NumPy views of its buffers, nothing to build.

    from slwdata import Loader

    loader = Loader("some", seq_length=256, global_batch_size=16, train_tokens="1M", slw_start=8, slw_steps=40)
    for batch in loader:
        batch.input_ids    # (rows, length) int32, a view that is valid until the next batch
        batch.labels       # (rows, length) int32, already shifted; -1 where nothing is trained
        batch.segment_ids  # attention stays within a segment: document_mask=True makes one of each document
        batch.cu_seqlens   # the same for attention over variable lengths

PyTorch users take `slwdata.torch.WarmupDataset`, which knows `torch.distributed` ranks and has `state_dict`.
"""

from .loader import Batch, Loader, SlwdataError, library_path, library_version

__all__ = ["Batch", "Loader", "SlwdataError", "library_path", "library_version"]


def __getattr__(name):
    if name == "__version__":  # the library's own, which is loaded only when somebody asks
        return library_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
