"""What Home shows: what needs somebody, the loop with live counts, and what was made last."""
