"""Training of what the package ships; outside the installed packages."""
