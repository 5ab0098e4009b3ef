"""What people see of surveys: who is asked the questionnaire, who measures the campaigns and their results."""

from fastapi import APIRouter

routers: tuple[APIRouter, ...] = ()
