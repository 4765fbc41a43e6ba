"""A story on real parts: invented agencies, cameras and people, a scripted day, and what came of each step.

Nothing is played: reads come in over POST /reads, people sign in and search over the API, and every outcome
that is told is the one that the node answered.
"""
