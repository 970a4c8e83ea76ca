"""Job ids: as hard to guess as a key, and in the order of their making."""

import secrets
import time

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: no letter that looks like another
_TIME_LETTERS, _RANDOM_LETTERS = 10, 16


def new_id() -> str:
    """A ULID in lower case: 48 bits of milliseconds, 80 random bits, 26 letters.

    Jobs of the same turn stand in the order of their ids, hence the time in front.
    """
    return _letters(time.time_ns() // 1_000_000, _TIME_LETTERS) + _letters(secrets.randbits(5 * _RANDOM_LETTERS), _RANDOM_LETTERS)


def _letters(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))
