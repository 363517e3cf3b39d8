"""People who sign in to the pages, owners and resellers: their passwords, codes, sessions and invitations."""
