"""Files of a user's own recognizers."""

from __future__ import annotations

from pathlib import Path

BADGES = """
recognizers:
  - name: badges
    supported_entity: BADGE
    patterns: [{name: badge, regex: '\\bQX-\\d{4}\\b', score: 0.8}]
  - name: lockers
    supported_entity: LOCKER
    patterns: [{name: locker, regex: '\\b[A-F]\\d{3}\\b', score: 0.1}]
    context: [locker]
  - name: projects
    supported_entity: PROJECT
    deny_list: [Quaxolotl, Zimtstern]
  - name: rosters
    supported_language: de
    supported_entity: DIENSTPLAN
    deny_list: [Fruehschicht]
"""
# The reference keeps it out of the linear-time engine.
SLOW = """
recognizers:
  - name: slow
    supported_entity: SLOW
    patterns: [{name: slow, regex: '((?:\\w|\\w\\w)+)=\\1;', score: 0.5}]
  - name: badges
    supported_entity: BADGE
    patterns: [{name: badge, regex: '\\bQX-\\d{4}\\b', score: 0.8}]
"""
#: Takes ``SLOW`` forever.
ENDLESS = "a" * 40 + "=x;"


def write_recognizers(folder: Path, content: str = BADGES) -> Path:
    path = folder / "recognizers.yaml"
    path.write_text(content, encoding="utf-8")
    return path
