"""Every face of Rigshot that a person talks to."""
