"""What people see of transfers."""

routers: tuple[()] = ()
