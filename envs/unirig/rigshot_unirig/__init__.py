"""Rigshot's worker around UniRig's networks: everything before, between and after them is here."""
