"""How a command says no."""

import click

from storefront.kit.errors import ShopError


class Plainly(click.ClickException):
    """A ShopError as a command says it."""

    def __init__(self, error: ShopError):
        super().__init__(error.message)
        for refused in error.data.get("refused", ()):
            click.echo(f"  refused  {refused}")
