"""Tables that arrive as spreadsheets: Excel workbooks and those of OpenDocument."""
