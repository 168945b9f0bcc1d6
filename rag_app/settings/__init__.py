"""Settings: what each may be, where its value comes from, and the files that hold them."""
