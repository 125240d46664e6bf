"""What takes many seeds or minutes: tables of experiments, and what the book costs."""
