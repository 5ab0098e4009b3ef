"""What people see of surveys: who is asked the questionnaire, who measures the campaigns and their results."""

from services.surveys.pages import campaigns, officers, outcomes, planning, respondents, samples

routers = (respondents.router, officers.router, planning.router, samples.router, outcomes.router, campaigns.router)
