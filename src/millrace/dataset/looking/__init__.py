"""The ops that look at datasets and name them: stores in, results out."""
