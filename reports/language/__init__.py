"""What an author may write: the YAML of pages and of the site, as models. Nothing is drawn here."""
