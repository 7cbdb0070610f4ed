"""Gift certificates. Their tables stand; they come into the quote after the total."""
