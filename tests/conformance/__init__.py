"""What others and other tools have computed, against what this program computes."""
