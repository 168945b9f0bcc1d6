"""The languages of the pages: what is said in which, and the files of translations."""
