"""A model as DOT text or as text for terminals: words, colours and markup."""
