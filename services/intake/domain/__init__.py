"""What intake decides, by business noun: applications, forms, visits, procedures, units, the register's numbers."""
