"""What the contract battery and the parity suite share; nothing here tests anything."""
