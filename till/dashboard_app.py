"""The script that Streamlit runs for `till dashboard`: once at every interaction of every reader."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from reports.dashboard.app import show
from reports.dashboard.desk import Desk
from till.dashboard_command import desk_of
from till.project import Project, find_project


@st.cache_resource(show_spinner=False)
def _desk(root: str, lake: str) -> Desk:
    """One desk for all readers of a lake."""
    return desk_of(Project(Path(root), Path(lake)))


project = find_project(Path.cwd(), os.environ)
show(_desk(str(project.root), str(project.lake)))
