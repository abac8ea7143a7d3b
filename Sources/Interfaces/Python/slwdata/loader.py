"""The loader: one object a rank. See slwloader.h for the C interface that this file mirrors line by line."""

import ctypes
import math
import os
import pathlib
import struct

import numpy as np

from .configuration import configuration

IGNORED = -100  # the label that PyTorch's cross entropy skips


class SlwdataError(RuntimeError):
    """What the library says is wrong: one line, with what to do about it."""


class _Batch(ctypes.Structure):
    """`slw_batch` of slwloader.h."""

    _fields_ = [
        ("step", ctypes.c_int64),
        ("rows", ctypes.c_int32),
        ("length", ctypes.c_int32),
        ("completes_step", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
        ("target_count", ctypes.c_int64),
        ("global_target_count", ctypes.c_int64),
        ("inputs", ctypes.c_void_p),
        ("targets", ctypes.c_void_p),
        ("segments", ctypes.c_void_p),
        ("positions", ctypes.c_void_p),
    ]


# The same fields read in one go: attributes of a ctypes structure cost more than a short batch. The buffers behind `inputs` only when they are new.
_read_batch = struct.Struct("@qiiiiqqP").unpack_from
_read_places = struct.Struct("@4P").unpack_from


class _Spans(ctypes.Structure):
    """`slw_spans` of slwloader.h."""

    _fields_ = [("cu_seqlens", ctypes.c_void_p), ("count", ctypes.c_int32), ("max_seqlen", ctypes.c_int32)]


class _Counts(ctypes.Structure):
    """`slw_counts` of slwloader.h."""

    _fields_ = [(name, ctypes.c_int64) for name in ("steps", "trained", "fetched", "reused", "outstanding", "dropped")]


def library_path() -> pathlib.Path:
    """Where the dynamic library is: $SLWDATA_LIBRARY, an installed prefix's lib folder, or this checkout's build."""
    named = os.environ.get("SLWDATA_LIBRARY")
    if named:
        return pathlib.Path(named)
    here = pathlib.Path(__file__).resolve()
    names = ["libslwloader.so", "libslwloader.dylib"]
    folders = [parent / "lib" for parent in here.parents[:6]]
    folders += [parent / ".build" / kind for parent in here.parents[:6] for kind in ("release", "debug")]
    for folder in folders:
        for name in names:
            if (folder / name).exists():
                return folder / name
    raise SlwdataError("libslwloader not found: build it with 'swift build -c release --product slwloader', or set SLWDATA_LIBRARY")


def _load():
    library = ctypes.CDLL(str(library_path()))
    handle, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    for name, result, arguments in [
        ("slw_version", text, []),
        ("slw_loader_open", handle, [text, text, size]),
        ("slw_loader_next", ctypes.c_int32, [handle, ctypes.POINTER(_Batch)]),
        ("slw_loader_observe", ctypes.c_int32, [handle, ctypes.c_double]),
        ("slw_loader_error", text, [handle]),
        ("slw_loader_counts", ctypes.c_int32, [handle, ctypes.POINTER(_Counts)]),
        ("slw_loader_masked", ctypes.c_int64, [handle]),
        ("slw_loader_spans", ctypes.c_int32, [handle, ctypes.POINTER(_Spans)]),
        ("slw_loader_weights", ctypes.c_void_p, [handle]),
        ("slw_loader_digest", ctypes.c_uint64, [handle]),
        ("slw_loader_save", ctypes.c_int64, [handle, ctypes.c_void_p, size]),
        ("slw_loader_restore", ctypes.c_int32, [handle, ctypes.c_void_p, size]),
        ("slw_loader_close", None, [handle]),
    ]:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def library_version() -> str:
    """The version of the dynamic library, `SLW_VERSION` of slwloader.h."""
    return _load().slw_version().decode()


def _view(address: int, shape: tuple, kind=ctypes.c_int32) -> np.ndarray:
    return np.frombuffer((kind * math.prod(shape)).from_address(address), kind).reshape(shape)


class Batch:
    """One micro-batch of one rank. The arrays are views of the loader's buffers: copy what must outlive the next call."""

    __slots__ = ("step", "length", "input_ids", "labels", "segment_ids", "position_ids", "target_count", "global_target_count",
                 "completes_step", "_loader")

    def __init__(self, raw: _Batch, views: dict, loader: "Loader"):
        self._loader = loader
        # completes_step: whether this is the step's last micro-batch: update the weights, then take `state_dict` if you like.
        # global_target_count: targets of the whole step over all ranks: divide the summed loss by it.
        self.step, rows, length, completes, _, self.target_count, self.global_target_count, inputs = _read_batch(raw)
        self.length = length
        self.completes_step = completes != 0
        # The loader fills few buffers in turn: each keeps the views of its last shape, which cost more to make than to fill.
        known = views.get(inputs)
        if known is None or known[0] != length or known[1] != rows:
            places = _read_places(raw, _Batch.inputs.offset)
            known = views[inputs] = (length, rows, *(_view(at, (rows, length)) for at in places))
        _, _, self.input_ids, self.labels, self.segment_ids, self.position_ids = known

    @property
    def cu_seqlens(self) -> np.ndarray:
        """Where each segment begins among the rows laid end to end, and at last their tokens: int32, as attention for variable lengths takes it.

        Padding at the end of a row is a segment of its own. Made when it is asked for.
        """
        spans = self._loader._spans()
        return _view(spans.cu_seqlens, (spans.count,))

    @property
    def max_seqlen(self) -> int:
        """Tokens of the longest segment."""
        return self._loader._spans().max_seqlen

    @property
    def loss_weights(self):
        """The factor of each label's loss, (rows, length) float32, 0 where nothing is trained; None when no data set has weights of the loss.

        Multiply before summing; the sum is still divided by global_target_count.
        """
        address = self._loader._library.slw_loader_weights(self._loader._open())
        return None if address is None else _view(address, self.labels.shape, ctypes.c_float)


class Loader:
    """Iterates over the micro-batches of one rank.

    data: a prefix (text or path), a list of prefixes, or a dict prefix -> weight. Every other keyword is an option of `slw-train` and
    `slwdata plan` with underscores for hyphens (seq_length=256, train_tokens="1M", split=(969, 30, 1), slw_steps=40, ...): docs/loader.md
    lists them all. rank and world_size say which part is ours.
    """

    def __init__(self, data, *, rank: int = 0, world_size: int = 1, **options):
        self._library = _load()
        words = configuration(data, rank=rank, world_size=world_size, **options)
        error = ctypes.create_string_buffer(4096)
        self._handle = self._library.slw_loader_open(words.encode(), error, len(error))
        if not self._handle:
            raise SlwdataError(error.value.decode(errors="replace"))
        self._raw = _Batch()
        self._next, self._target = self._library.slw_loader_next, ctypes.byref(self._raw)
        self._views = {}

    def __iter__(self):
        return self

    def __next__(self) -> Batch:
        status = self._next(self._handle or self._open(), self._target)
        if status == 1:
            return Batch(self._raw, self._views, self)
        if status < 0:
            raise SlwdataError(self._message())
        raise StopIteration

    def observe(self, loss: float) -> None:
        """Under adaptive pacing: the mean loss of the step that just completed, the same on every rank; once a step, before the next."""
        self._library.slw_loader_observe(self._open(), float(loss))

    @property
    def counts(self) -> dict:
        """Target tokens so far, over all ranks: trained, fetched, reused, outstanding, dropped, masked; and steps."""
        counts = _Counts()
        self._library.slw_loader_counts(self._open(), ctypes.byref(counts))
        masked = self._library.slw_loader_masked(self._open())
        return {**{name: getattr(counts, name) for name, _ in _Counts._fields_}, "masked": masked}

    @property
    def digest(self) -> str:
        """Of all targets trained so far by all ranks; the same for every world size and micro-batch size."""
        return f"{self._library.slw_loader_digest(self._open()):016x}"

    def state_dict(self) -> dict:
        """The state after the last complete step. The same on every rank; resume with any world size."""
        size = self._library.slw_loader_save(self._open(), None, 0)
        buffer = ctypes.create_string_buffer(max(size, 1))
        if size < 0 or self._library.slw_loader_save(self._open(), buffer, size) != size:
            raise SlwdataError(self._message())
        return {"slwdata": buffer.raw[:size].hex()}

    def load_state_dict(self, state: dict) -> None:
        """Continues where `state_dict` was taken; refused, with the difference named, when data or options have changed."""
        raw = bytes.fromhex(state["slwdata"])
        self._views.clear()
        if self._library.slw_loader_restore(self._open(), raw, len(raw)) != 0:
            raise SlwdataError(self._message())

    def close(self) -> None:
        if getattr(self, "_handle", None):
            self._library.slw_loader_close(self._handle)
            self._handle = None

    def _spans(self) -> _Spans:
        spans = _Spans()
        if self._library.slw_loader_spans(self._open(), ctypes.byref(spans)) != 0:
            raise SlwdataError("there is no batch: its segments are asked for before the next one is")
        return spans

    def _open(self):
        if not self._handle:
            raise SlwdataError("the loader is closed")
        return self._handle

    def _message(self) -> str:
        return (self._library.slw_loader_error(self._handle) or b"unknown error").decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()
