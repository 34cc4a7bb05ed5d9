"""The command line: one module a command, each imported when its command is called. The only place that prints."""
