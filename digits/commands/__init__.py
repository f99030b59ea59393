"""Commands that need no LightningCLI."""
