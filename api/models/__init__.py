"""What is kept: tables and the pure rules about them, without any session."""
