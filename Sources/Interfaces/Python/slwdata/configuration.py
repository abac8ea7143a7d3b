"""What Python says to a loader, as the JSON that `slw_loader_open` takes. What the words mean and must be, the library knows."""

import json
import math
import os


def configuration(data, **options) -> str:
    """The JSON of `data` (a prefix, several, or a dict of prefixes with their weights) and of options; None stands for "not given"."""
    if isinstance(data, dict):
        sets = [{"prefix": os.fsdecode(prefix), "weight": _value(weight)} for prefix, weight in data.items()]
    elif isinstance(data, (str, bytes, os.PathLike)):
        sets = [os.fsdecode(data)]
    else:
        sets = [item if isinstance(item, (int, float)) else os.fsdecode(item) for item in data]
    given = {name: _value(value) for name, value in options.items() if value is not None}
    return json.dumps({"data": sets, **given})


def _value(value):
    """JSON's value for one of Python's. Lists are joined as on a command line: (969, 30, 1) is 969,30,1 and [(64, 1000), 128] is 64:1000,128."""
    if isinstance(value, (list, tuple)):
        return ",".join(":".join(map(str, item)) if isinstance(item, (list, tuple)) else str(item) for item in value)
    if isinstance(value, (bool, int, str, dict)) or isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (bytes, os.PathLike)):
        return os.fsdecode(value)
    return str(value)  # NumPy's numbers, decimals, and what is no number
