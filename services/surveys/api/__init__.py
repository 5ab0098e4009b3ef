"""What programs say to surveys: a route a command, a route a question."""

from services.surveys.api import campaigns, sampling

routers = (campaigns.router, sampling.router)
