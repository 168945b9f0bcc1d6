"""From files to an index: loading, chunking, and keeping the index a mirror of folders."""
