"""The static rules, one file each: found by looking into this folder.

A rule is a module. Its docstring is its title, then why it matters, then code that it flags (`Bad:`) and the same code
as it should be (`Good:`). It defines `ID`, `SEVERITY` ("error" where the code is wrong, "warning" where it may be
meant), `FIX` (what to do), `CAUSES` (the ids of rules whose findings follow from its own), and `check(source)`, which
gives a line, a message and, where they can be told better than in general, what to do and the severity.
"""
