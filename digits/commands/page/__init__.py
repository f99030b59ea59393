"""The page that digits are drawn on, and the server that answers it."""
