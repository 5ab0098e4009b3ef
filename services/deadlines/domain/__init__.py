"""What deadlines decides: clocks, apologies, the numbers of letters, the calendar."""
