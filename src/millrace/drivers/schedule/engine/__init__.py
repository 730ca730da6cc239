"""The arithmetic of schedules: cron expressions in time zones."""
