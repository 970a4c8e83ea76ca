"""How much every preparation of a photo is worth: the same pictures with and without it, measured against truth.

``cases`` what is measured, ``hard`` pictures made worse on purpose, ``runs`` the jobs, ``scores`` and the modules named after their
figures what is measured on one job, ``tables``, ``gallery`` and ``curves`` what is shown of all. Of all this
only ``commands/evaluate.py`` knows, and the report of a job, which takes its likeness from ``picture_scores``.
"""
