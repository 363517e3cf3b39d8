"""What the machine must do for the rest: the servers of the tests, the commands of the containers."""
