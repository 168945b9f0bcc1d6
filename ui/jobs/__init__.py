"""What runs beside the pages: ingestion, evaluation, training, watching, model downloads."""
