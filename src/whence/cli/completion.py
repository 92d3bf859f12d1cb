"""`whence completion`, and what commands offer when Tab is pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.app.shell import ALIAS
from whence.cli import render
from whence.cli.option import F, in_json

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/whence.fish",
}


# That of click leaves blanks in names unquoted, which bash takes for the ends of words.
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) printf -v value %%q "$value"; COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

# That of click cuts values and descriptions at their first comma.
_FISH = """\
function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \
        COMP_CWORD=(commandline -t) %(prog_name)s)
    for completion in $response
        set -l parts (string split -m 1 , $completion)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

# zsh has a builtin of that name. Functions that it loads itself are to have that all the same: they
# know no aliases. And not everybody has begun its completion.
_BEFORE_ZSH = f"""\
#compdef whence
{ALIAS}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}
"""


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@in_json
def command(shell: str, as_json: bool) -> None:
    """Print what makes a shell complete commands, options, runs, artifacts, tags and more.

    \b
    bash: put [bold]eval "$(whence completion bash)"[/] into ~/.bashrc
    zsh:  put [bold]eval "$(command whence completion zsh)"[/] at the end of ~/.zshrc;
          it also has this whence come before the builtin command of that name
    fish: [bold]whence completion fish > ~/.config/fish/completions/whence.fish[/]
    """  # noqa: D301 - click keeps the lines that follow a backspace
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    answer = found(click.Command("whence"), {}, "whence", "_WHENCE_COMPLETE")
    script = answer.source()  # tells where the shell is too old, too
    own = {"bash": _BASH, "fish": _FISH}
    if shell in own:
        script = own[shell] % answer.source_vars()
    elif shell == "zsh":
        script = _BEFORE_ZSH + script
    if as_json:
        render.as_json({"shell": shell, "file": _WHERE[shell], "script": script})
    else:
        click.echo(script)


def run_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The runs whose id or name begins with what was typed."""
    from whence.app.completion import complete_runs

    deleted = bool(ctx.params.get("undo"))
    found = complete_runs(_store(ctx), incomplete, deleted=deleted)
    return [_item(value, told) for value, told in found]


def unended_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The runs that could be ended."""
    from whence.app.completion import complete_runs

    found = complete_runs(_store(ctx), incomplete, unended=True)
    return [_item(value, told) for value, told in found]


def run_names_or_tags(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs, and once one is named the tags too."""
    found = run_names(ctx, param, incomplete)
    if not ctx.params.get(str(param.name)):
        return found
    return [*tags(ctx, param, incomplete), *found]


def run_names_or(kind: str) -> Complete:
    """Files or folders, as the shell finds them, and the runs that fit what was typed."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        runs = run_names(ctx, param, incomplete) if incomplete else []
        return [_item(incomplete, kind=kind), *runs]

    return complete


def artifact_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The artifacts of the run that was named."""
    from whence.app.completion import complete_artifacts

    wanted = ctx.params.get("category")
    found = complete_artifacts(_store(ctx), str(ctx.params.get("run") or ""), incomplete)
    return [_item(name, category) for name, category in found if wanted in (None, category)]


def filters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a filter can begin with: a tag, a status, a parameter, or the name of runs."""
    from whence.app.completion import complete_names

    names = complete_names(_store(ctx), incomplete)
    return [
        *tags(ctx, param, incomplete),
        *statuses(ctx, param, incomplete),
        *(_item(name, "parameter or metadata") for name in names),
        *(run_names(ctx, param, incomplete) if incomplete else ()),
    ]


def statuses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The statuses that a run can have."""
    from whence.records.criterion import STATUS

    known = dict.fromkeys(STATUS.values())
    return [_item(one, "status") for one in known if one.startswith(incomplete)]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The folders that runs are in."""
    from whence.app.completion import complete_folders

    return [_item(folder) for folder in complete_folders(_store(ctx), incomplete)]


def plots(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The plots of the configuration that was named, or of the project."""
    from whence.app.completion import complete_plots

    given = ctx.params.get("plots")
    return [_item(name) for name in complete_plots(given and Path(given), incomplete)]


def columns(fields: Iterable[str], ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Fields, parameters and metadata, one after the other with commas between."""
    from whence.app.completion import complete_names

    before, comma, last = incomplete.rpartition(",")
    sign = last[:1] if last[:1] in ("+", "-") else ""
    typed = last.removeprefix(sign)
    names = [name for name in fields if name.startswith(typed)]
    names += complete_names(_store(ctx), typed)
    return [_item(f"{before}{comma}{sign}{name}") for name in names]


def tags(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tags that begin with what was typed."""
    from whence.app.completion import complete_tags

    return [_item(tag, "tag") for tag in complete_tags(_store(ctx), incomplete)]


def tag_option(told: str) -> Callable[[F], F]:
    """The option that names tags, any number of them."""
    return click.option(
        "--tag", "tags", multiple=True, metavar="TAG", shell_complete=tags, help=told
    )


def _item(value: str, told: str | None = None, kind: str = "plain") -> CompletionItem:
    from click.shell_completion import CompletionItem  # only needed where Tab was pressed

    return CompletionItem(value, type=kind, help=told)


def _store(ctx: Any) -> Path | None:
    given = ctx.params.get("store")
    return None if given is None else Path(given)
