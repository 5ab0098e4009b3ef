"""What people see of surveys: who is asked the questionnaire, who measures the campaigns and their results."""

from services.surveys.pages import officers, respondents

routers = (respondents.router, officers.router)
