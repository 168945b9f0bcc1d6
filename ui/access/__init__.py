"""Who is let in to the pages: by a password or token, or by an account (OpenID Connect)."""
