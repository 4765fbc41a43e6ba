"""What the project's own recognition weights are made from: rendered plates, training, export, measuring."""
