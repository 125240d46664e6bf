"""What a student works with: a folder, its progress, hints, an update, a loop of checks."""
