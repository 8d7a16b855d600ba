"""Training of the bundled model; needs torch and is imported by nothing that serves requests."""
