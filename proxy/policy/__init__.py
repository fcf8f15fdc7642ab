"""What may be asked of this proxy at all: settings, and what an operation would touch."""
