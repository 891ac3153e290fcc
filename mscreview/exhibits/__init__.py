"""What the book shows: one function an exhibit, gathered by subject.

A builder takes the opened review and returns a `Content`; `mscreview.catalogue` makes the `Exhibit`.
"""
