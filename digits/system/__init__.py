"""What the operating system gives: files, memory, processes, signals and standard output, with what may go wrong."""
