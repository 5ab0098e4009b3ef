"""What people see of transfers: heads their inbox and cases, leadership its briefs, the office the log, families how
far it is."""

from services.transfers.pages import exchange, leadership, officers, public, schools

routers = (officers.router, leadership.router, exchange.router, schools.router, public.router)
