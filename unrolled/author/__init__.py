"""What proves the book to its authors: the gate, and all that it reads and writes."""
