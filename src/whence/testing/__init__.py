"""What tests of whence, and of what plugs into it, are made with: faults and strategies."""
