"""Streams of Amazon Kinesis: read in batches, each record exactly once."""
