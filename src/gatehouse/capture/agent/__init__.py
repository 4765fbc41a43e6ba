"""The camera's own part: it keeps what was read on its disk until a node has it, and hands it in signed."""
