"""The panel as other panels see it: requests in any encoding to `/api/v2`, replies in the spelling of the caller."""
