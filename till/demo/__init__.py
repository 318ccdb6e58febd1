"""The demo: a small shop that never was, with two years of sales and a story in them."""
