"""How one CSV file is written, as a value: separators, quotes, letters, the header's place, forms of values."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ingest.rows.text_forms import PLAIN_FORM, TextForm

UTF8 = "utf-8"
# The names that people know, where Python calls an encoding otherwise.
_KNOWN_AS = {"cp1252": "windows-1252", "iso8859-15": "iso-8859-15", "iso8859-1": "iso-8859-1"}
Recorded = dict[str, str | int | bool | list[str]]


@dataclass(frozen=True)
class Dialect:
    """The plain one unless said otherwise: UTF-8, commas, double quotes, a header in line 1, ISO dates.

    `quote` may be empty (none). `encoding` is Python's name. `line_ends` is 'cr' or 'mixed' where they are
    not all LF or all CR LF. `preamble_lines` are left out at the beginning, `footer_rows` at the end, and so
    is all from the line on that begins with `footer`.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = UTF8
    line_ends: str = ""
    preamble_lines: int = 0
    has_header: bool = True
    footer_rows: int = 0
    footer: str = ""
    form: TextForm = PLAIN_FORM

    @property
    def needs_copy(self) -> bool:
        """Whether DuckDB's reader can take the file only after it was written anew."""
        return bool(
            self.encoding != UTF8
            or self.line_ends
            or self.preamble_lines
            or self.footer_rows
            or self.footer
            or self.escape != self.quote
        )

    def recorded(self) -> Recorded | None:
        """The parts that are not plain, under the names that they have in YAML; None for a plain file."""
        found: Recorded = {}
        for name in ("delimiter", "quote", "line_ends", "footer_rows", "footer"):
            if getattr(self, name) != getattr(PLAIN, name):
                found[name] = getattr(self, name)
        if self.escape != self.quote:
            found["escape"] = self.escape
        if self.encoding != UTF8:
            found["encoding"] = _KNOWN_AS.get(self.encoding, self.encoding)
        if not self.has_header:
            found["header"] = False
        if self.preamble_lines:
            name = "header_row" if self.has_header else "preamble_lines"
            found[name] = self.preamble_lines + self.has_header
        forms = asdict(self.form)
        for name in ("decimal", "thousands"):
            if forms[name] != getattr(PLAIN_FORM, name):
                found[name] = forms[name]
        for name in ("date_format", "timestamp_format"):
            if forms[f"{name}s"]:
                found[name] = list(forms[f"{name}s"])
        return found or None

    def __str__(self) -> str:
        parts = [f"{name} {_shown(value)}" for name, value in (self.recorded() or {}).items()]
        return ", ".join(parts) or "plain"


PLAIN = Dialect()


def recorded_dialect(recorded: Recorded | None) -> Dialect:
    """How the rows of a file were written, of which `Dialect.recorded` was kept.

    Only what a row's own text needs: separators, quotes, and the forms of its values.
    """
    found = recorded or {}
    quote = str(found.get("quote", PLAIN.quote))
    form = TextForm(
        decimal=str(found.get("decimal", PLAIN_FORM.decimal)),
        thousands=str(found.get("thousands", PLAIN_FORM.thousands)),
        date_formats=_texts(found.get("date_format")),
        timestamp_formats=_texts(found.get("timestamp_format")),
    )
    return Dialect(
        delimiter=str(found.get("delimiter", PLAIN.delimiter)),
        quote=quote,
        escape=str(found.get("escape", quote)),
        form=form,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _shown(value: str | int | bool | list[str]) -> str:
    if isinstance(value, list):
        return " or ".join(value)
    if value is False:
        return "none"
    return {"\t": "tab", " ": "space", "": "none"}.get(str(value), str(value))
