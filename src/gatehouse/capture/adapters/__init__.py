"""Reads of other makers' readers: Frigate, OpenALPR and Rekor Scout, Plate Recognizer.

Each parser takes a payload as its maker sends it and gives the reads in it, or says why there is none. Of
a payload only the plate, its state, the time, the confidence and the crop of the plate are read: names,
colors, makes and pictures of the vehicle stay where they are. The crop is not handed in.
"""
