"""What a person must put right, in one sentence that says what to do. The command prints it instead of a traceback."""

import errno
from pathlib import Path


class Trouble(Exception):
    """Its text is the whole message: one sentence that names the cause and what to do."""


SENTENCES = {
    errno.ENOSPC: "The disk is full at {where}: free at least 1 GB there, or choose another folder with --state.",
    errno.EDQUOT: "The disk quota is used up at {where}: free at least 1 GB, or choose another folder with --state.",
    errno.EFBIG: "A file at {where} may not grow any more: raise the limit with `ulimit -f unlimited`.",
    errno.EACCES: "{where} may not be written: give yourself the right to, or choose another folder with --state.",
    errno.EPERM: "{where} may not be changed: give yourself the right to, or choose another folder with --state.",
    errno.ENOTDIR: "{where} can't be a folder, for something on the way is a file: choose another with --state.",
    errno.EROFS: "{where} is on a read-only disk: choose another folder with --state.",
}


def of_os(error: OSError) -> Trouble | None:
    """The sentence for an operating system's refusal, or None where it is not one that people meet."""
    sentence = SENTENCES.get(error.errno or 0)
    return Trouble(sentence.format(where=error.filename or Path.cwd())) if sentence else None
