"""What programs say to surveys: a route a command, a route a question."""

from fastapi import APIRouter

routers: tuple[APIRouter, ...] = ()
