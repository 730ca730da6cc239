"""What a label set says, and what the ops of this folder take and give back."""
