"""What every service needs; knows no service. Read service.py first."""
