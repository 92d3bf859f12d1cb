"""The data of a parameter space: one group per point."""

from __future__ import annotations

from typing import Any, ClassVar

from whence.base.error import UserError
from whence.tree.group import IndexedDataGroup, OrderedDataGroup
from whence.tree.node import Node


class ParamSpaceStateGroup(OrderedDataGroup):
    """The data of one point of a parameter space; its name is the point's state number."""

    @property
    def state_no(self) -> int:
        """The state number."""
        return int(self.name)

    @property
    def coords(self) -> dict[str, Any]:
        """The coordinates of the point: dimension name to value."""
        if not isinstance(self.parent, ParamSpaceGroup) or self.parent.pspace is None:
            raise _no_space(self.parent)
        return self.parent.coords_of(self.state_no)


class ParamSpaceGroup(IndexedDataGroup):
    """The data of a whole parameter space: its members are the points, by state number.

    Members are named by their zero-padded state number and reached by it, too:
    ``group["07"]`` is ``group[7]``.
    """

    _NEW_GROUP_CLS: ClassVar[Any] = ParamSpaceStateGroup
    _ATTR: ClassVar[str] = "pspace"

    @property
    def pspace(self) -> Any:
        """The parameter space, a `whence.params.ParamSpace`, or None if it is not known."""
        space = self._attrs.get(self._ATTR)
        return space.data if isinstance(space, Node) else space

    @pspace.setter
    def pspace(self, space: Any) -> None:
        if self.pspace is not None:
            raise UserError.of(
                "existing-data", f"{self.logstr} already has a parameter space, which stays"
            )
        self.attrs[self._ATTR] = space

    @property
    def only_default_data_present(self) -> bool:
        """Whether the only member is that of the default point, state 0."""
        return [int(name) for name in self] == [0]

    def space(self) -> Any:
        """The parameter space.

        Raises
        ------
        UserError
            If it is not known.
        """
        if self.pspace is None:
            raise _no_space(self)
        return self.pspace

    def coords_of(self, state_no: int) -> dict[str, Any]:
        """The coordinates of a point, by its state number."""
        vector = self.space().get_state_vector(state_no=state_no)
        values = self.space().get_dim_values(state_vector=vector)
        return dict(values)

    def check(self, name: str) -> None:
        """Refuse a name that is no state number of the width that the others have."""
        super().check(name)
        width = len(next(iter(self._members), name))
        if len(name) != width:
            raise UserError.of(
                "bad-name",
                f"{name!r} cannot be a member of {self.logstr}: the state numbers of its members "
                f"have {width} digits",
                mend="Pad state numbers with zeros to the same width.",
            )


def _no_space(group: Any) -> UserError:
    named = group.logstr if group is not None else "the group above"
    return UserError.of(
        "no-parameter-space",
        f"{named} does not know its parameter space",
        mend="Load it with `load_as_attr: true` and `unpack_data: true` as the entry `pspace`.",
    )
