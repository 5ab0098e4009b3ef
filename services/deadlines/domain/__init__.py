"""What deadlines decides: clocks, the steps of transfers, apologies, the numbers of letters, the calendar."""
