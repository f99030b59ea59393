"""What can be given on the command line, in configs, and what is made of it."""
