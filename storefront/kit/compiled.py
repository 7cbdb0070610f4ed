"""Templates that were compiled once: kept as files, so that the next process need not do it again."""

import logging

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

log = logging.getLogger(__name__)


class CompiledTemplates(FileSystemBytecodeCache):
    """A folder of compiled templates that no page depends on: one that cannot be kept is compiled again."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template. A full disk costs the next process some time, and nobody a page."""
        try:
            super().dump_bytecode(bucket)
        except OSError as error:
            log.warning("a compiled template could not be kept: %s", error)
