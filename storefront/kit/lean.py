"""Less memory for each worker: what a library takes along for a use that is not ours is left out."""

import sys
import warnings
from contextlib import contextmanager


@contextmanager
def without(name: str):
    """Inside, importing this optional module fails for whoever does without it then; afterwards it is as it was."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # as the import system marks what must not be imported
    try:
        with warnings.catch_warnings(action="ignore"):  # that it is missing
            yield
    finally:
        del sys.modules[name]
