"""One module a page or a part of one, each with one `render`."""
