"""The Explore page: a reader's own questions to the marts of a release, answered in the browser."""
