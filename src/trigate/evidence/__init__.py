"""What is written down: the spool that workers append to, the recorder that reads it, and replay."""
