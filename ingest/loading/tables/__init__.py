"""Tables in any format: cells, spans, column names."""
