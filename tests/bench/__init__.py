"""How fast the panel is, beside what the machine allows: real servers, loaded from another process."""
