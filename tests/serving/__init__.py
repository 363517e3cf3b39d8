"""How a process serves: the connections it keeps, and those it cuts."""
