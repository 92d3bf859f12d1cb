"""Drivers of tables: files that are read as DataFrames, or row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from whence.base.error import MissingExtraError, UserError
from whence.formats.driver import FileDriver, reading
from whence.formats.stream import Stream

Hook = Callable[[Any], Any]

_STREAMED = frozenset(("batch_size", "row_groups", "columns", "use_threads"))


class TableDriver(FileDriver, ABC):
    """A table.

    Parameters
    ----------
    url : str
        A path or an fsspec URL.
    storage_options : mapping, optional
        What fsspec is told beside the URL.
    engine : str
        ``pandas``, or ``dask`` for a DataFrame in parts, where the format has it.
    df_hooks : iterable of callables, optional
        Each makes another table of the table; in this order.
    read_kwargs : mapping, optional
        For what reads it, if nothing else is said.
    """

    engines: tuple[str, ...] = ("pandas",)

    def __init__(
        self,
        url: str,
        storage_options: Mapping[str, Any] | None = None,
        engine: str = "pandas",
        df_hooks: Iterable[Hook] | None = None,
        read_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(url, storage_options)
        if engine not in self.engines:
            raise UserError.of(
                "bad-engine",
                f"{engine!r} does not read {self.url!r}",
                mend=f"What does is {' or '.join(self.engines)}.",
            )
        self.engine = engine
        self.df_hooks = tuple(df_hooks or ())
        self.read_kwargs = dict(read_kwargs or {})

    def get_df(self, **options: Any) -> Any:
        """The table, as the hooks leave it.

        Parameters
        ----------
        **options
            For what reads it, over `read_kwargs`: those of ``pandas.read_csv`` and its like.
        """
        with _installed(), reading(self.url):
            frame = self.read({**self.read_kwargs, **options})
        for hook in self.df_hooks:
            frame = hook(frame)
        return frame

    def get_iter(
        self,
        itertuples_kwargs: Mapping[str, Any] | None = None,
        read_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Stream[Any]:
        """Its rows, as named tuples.

        Parameters
        ----------
        itertuples_kwargs : mapping, optional
            ``name`` of the tuples, and with ``index`` their label first: `DataFrame.itertuples`.
        read_kwargs : mapping, optional
            As the options.
        **options
            For what reads it, over those that the driver was given.
        """
        how = {"index": False, **(itertuples_kwargs or {})}
        said = {**self.read_kwargs, **(read_kwargs or {}), **options}

        def rows() -> Iterator[Any]:
            whole = bool(self.df_hooks or how["index"] or self.engine != "pandas")
            for part in [self.get_df(**said)] if whole else self.parts(said):
                if not hasattr(part, "itertuples"):
                    raise UserError.of("no-table", f"{self.url!r} was not read as one table")
                yield from part.itertuples(**how)

        return Stream(rows)

    @abstractmethod
    def read(self, options: dict[str, Any]) -> Any:
        """The table as it is in the file."""

    def parts(self, options: dict[str, Any]) -> Iterable[Any]:
        """The table in pieces of rows, where the format has it."""
        return [self.get_df(**options)]

    def _dask(self, reader: str, options: dict[str, Any]) -> Any:
        from dask import dataframe

        return getattr(dataframe, reader)(
            self.url, storage_options=self.storage_options or None, **options
        )


class CsvDriver(TableDriver):
    """A table as text."""

    engines = ("pandas", "dask")
    _chunk = 10_000

    def read(self, options: dict[str, Any]) -> Any:
        """The table, by `pandas.read_csv`."""
        if self.engine == "dask":
            return self._dask("read_csv", options)
        import pandas as pd

        with self.open("rb") as file:
            return pd.read_csv(file, **options)

    def parts(self, options: dict[str, Any]) -> Iterator[Any]:
        """The table in pieces of rows."""
        import pandas as pd

        with self.open("rb") as file, reading(self.url):
            yield from pd.read_csv(file, **{"chunksize": self._chunk, **options})


class ParquetDriver(TableDriver):
    """A table as Parquet."""

    engines = ("pandas", "dask")

    def read(self, options: dict[str, Any]) -> Any:
        """The table, by `pandas.read_parquet`."""
        if self.engine == "dask":
            return self._dask("read_parquet", options)
        import pandas as pd

        with self.open("rb") as file:
            return pd.read_parquet(file, **options)

    def parts(self, options: dict[str, Any]) -> Iterator[Any]:
        """The table in pieces of rows, unless an option is for the whole of it."""
        if not options.keys() <= _STREAMED:
            yield self.get_df(**options)
            return
        with _installed(), self.open("rb") as file, reading(self.url):
            import pyarrow.parquet as pq

            for batch in pq.ParquetFile(file).iter_batches(**options):
                yield batch.to_pandas()


class FeatherDriver(TableDriver):
    """A table as an Arrow file."""

    def read(self, options: dict[str, Any]) -> Any:
        """The table, by `pandas.read_feather`."""
        import pandas as pd

        with self.open("rb") as file:
            return pd.read_feather(file, **options)


class ExcelDriver(TableDriver):
    """A sheet of an Excel file, the first one if ``sheet_name`` does not say which."""

    def read(self, options: dict[str, Any]) -> Any:
        """The table, by `pandas.read_excel`."""
        from zipfile import BadZipFile

        import pandas as pd

        with self.open("rb") as file:
            try:
                return pd.read_excel(file, **options)
            except (BadZipFile, KeyError, SyntaxError) as error:  # the last is of XML
                raise ValueError(str(error)) from error


_EXTRAS = {"openpyxl": "excel", "dask": "dask,parquet", "pyarrow": "parquet"}


@contextmanager
def _installed() -> Iterator[None]:
    """Say what to install where a reader lacks a package."""
    try:
        yield
    except ImportError as error:
        told = f"{error.name or ''} {error}"
        for package, extra in _EXTRAS.items():
            if package in told:
                raise MissingExtraError.needed(package, extra, "reading this table") from error
        raise
