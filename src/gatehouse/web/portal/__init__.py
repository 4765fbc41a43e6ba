"""The public portal: what anybody may see of a node's record, as pages and files that need no server."""
