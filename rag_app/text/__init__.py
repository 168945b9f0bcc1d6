"""Text: sentences, words, what can be printed. What knows English stands here."""
