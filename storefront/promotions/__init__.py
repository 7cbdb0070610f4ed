"""What is taken off. Its tables stand; its rules come into the quote between prices and shipping."""
