"""The preview of the pages while an author writes them: `till report --serve`."""
