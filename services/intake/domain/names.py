"""The name space of streams that are named for what they are about: a procedure, a unit, a day's register."""

from uuid import UUID

NAMESPACE = UUID("6f5d1f1e-6a34-5a53-9a3c-1d5f2b6a7c10")
