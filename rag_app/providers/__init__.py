"""Models of servers and providers, opened by LangChain."""
