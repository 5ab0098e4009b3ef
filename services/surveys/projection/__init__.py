"""What surveys shows."""

from kernel.handlers import View

views: tuple[View, ...] = ()
