"""Events: raw JSON objects dropped by a webhook or a function, each in a file or many together."""
