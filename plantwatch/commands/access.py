"""``token`` and ``certs``: who may do what, and how machines prove who they are."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from plant.access import Role, TokenStore
from plant.clock import SECOND, iso
from plant.settings import Settings
from plantwatch.certificates import Authority

app = typer.Typer(help="Access tokens: create, list, revoke.", no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)
