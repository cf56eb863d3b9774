"""``token`` and ``certs``: who may do what, and how machines prove who they are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from plant.access import Role, TokenStore
from plant.clock import SECOND, iso
from plantwatch.commands.options import out

app = typer.Typer(help="Access tokens: create, list, revoke; and sign-in links.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who holds it: a person's or a program's name; stands in the journal.")]
RoleOption = Annotated[Role, typer.Option("--role", "-r", help="What the holder may do.")]


def add_to(root: typer.Typer) -> None:
    """Register the commands of this file that stand at the top."""
    root.command()(certs)


@app.command()
def create(
    name: Name,
    role: RoleOption,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 90,
) -> None:
    """Make a token and show it, this once: only its hash is stored.

    Example: plantwatch token create "Li Na" --role operator --days 90
    """
    now = time.time_ns()
    with _tokens() as store:
        token = store.create(name, role, now=now, expires=now + days * 86_400 * SECOND)
    out.print(f"Token of {name} ({role}), good for {days} days. Keep it now; it is not shown again:", markup=False)
    typer.echo(token)


@app.command("list")
def list_tokens() -> None:
    """List all tokens, without their secrets.

    Example: plantwatch token list
    """
    table = Table("name", "role", "created", "expires", "state", box=None)
    now = time.time_ns()
    with _tokens() as store:
        for info in store.list():
            ended = info.expires is not None and now >= info.expires
            state = "revoked" if info.revoked else "expired" if ended else "good"
            expires = "never" if info.expires is None else iso(info.expires)
            table.add_row(info.name, info.role, iso(info.created), expires, state)
    out.print(table)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name, as `plantwatch token list` shows it.")],
) -> None:
    """End a token now and for good.

    Example: plantwatch token revoke "Li Na"
    """
    with _tokens() as store:
        store.revoke(name)
    out.print(f"The token of {name} is revoked; a running server refuses it from now on.", markup=False)


@app.command()
def link(name: Name, role: RoleOption) -> None:
    """Make a link that signs somebody in to the console, once, within 15 minutes.

    Example: plantwatch token link "Li Na" --role operator
    """
    from plant.settings import load_settings
    from plantwatch.login_codes import LIFETIME, LoginCodes

    settings = load_settings()
    with LoginCodes(_folder() / "login-codes.db") as codes:
        code = codes.create(name, role, now=time.time_ns())
    scheme = "https" if settings.http.certificate is not None else "http"
    out.print(f"Signs in {name} ({role}) once, within {LIFETIME // SECOND // 60} minutes:", markup=False)
    typer.echo(f"{scheme}://{settings.http.host}:{settings.http.port}/login?code={code}")


def certs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the certificates go.")],
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="One certificate for each name.")],
    uri: Annotated[
        str | None, typer.Option(help="OPC UA application URI, when the certificate is for OPC UA.")
    ] = None,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", help="Name or address under which other machines reach this one; repeat it."),
    ] = None,
) -> None:
    """Make certificates for this machine, signed by a small authority in the same folder.

    For a demo, a laboratory or a first installation; what exists is kept. A plant with its own PKI uses that.

    Example: plantwatch certs var/certificates broker server --host broker.plant.example --host 10.0.0.7
    """
    from plantwatch.certificates import Authority

    authority = Authority(folder)
    for name in names:
        identity = authority.issue(name, application_uri=uri, hosts=hosts or ())
        out.print(f"{name}: {identity.certificate} and {identity.key}", markup=False)
    out.print(f"Clients trust these by {authority.certificate}.", markup=False)


@contextmanager
def _tokens() -> Iterator[TokenStore]:
    with TokenStore(_folder() / "tokens.db") as store:
        yield store


def _folder() -> Path:
    from plant.settings import load_settings
    from plantwatch import wiring

    return wiring.folder(load_settings())
