"""Every file that a new source needs, as texts: nothing is written before all of them are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import ConfigurationError
from configuration.lake import write_atomically
from configuration.yaml_file import read_yaml
from ingest.profile.proposal import ProposedSource, ProposedTable
from till.add_source.project_file import Named, with_named
from till.add_source.sources_block import with_source, without_source
from till.add_source.staging import Assumed, model_name, staging_properties, staging_sql
from till.project import DEFAULT_SOURCES, Project

_PROJECT_FILE = Path("dbt_project.yml")


@dataclass(frozen=True)
class Wanted:
    """What was decided besides the proposal."""

    assumed: Assumed
    without_demo: bool = False
    replace: bool = False


def files_of(project: Project, source: ProposedSource, wanted: Wanted) -> dict[Path, str]:
    """Path from the root, and text, of each file; raises ConfigurationError for what is there already."""
    path = project.root / DEFAULT_SOURCES
    text = path.read_text(encoding="utf-8")
    declared = [each["name"] for each in read_yaml(path).get("sources", [])]
    if wanted.replace and source.name in declared:
        text = without_source(text, path, source.name)
        declared.remove(source.name)
    elif source.name in declared:
        raise ConfigurationError(
            f"there is a source '{source.name}' already",
            where=str(DEFAULT_SOURCES),
            remedy="Choose another name, or say --replace to write it anew.",
        )
    is_demo = "demo" in read_yaml(path)
    without_demo = wanted.without_demo and is_demo
    active = [source.name] if without_demo else [*declared, source.name]
    models = _models(source, wanted.assumed)
    for model in models:
        if (project.root / model).exists() and not wanted.replace:
            raise ConfigurationError(
                "this file is there already",
                where=str(model),
                remedy="Choose another name, or say --replace to write it anew.",
            )
    settings: dict[str, str] = {}
    if without_demo:
        # The shop's own currency and clock; beside other sources those of the project stay.
        settings = {
            "reporting_currency": wanted.assumed.currency,
            "business_timezone": wanted.assumed.timezone,
        }
    named = _named(source, active, settings)
    return {
        DEFAULT_SOURCES: with_source(
            text, path, source, without_demo=without_demo, settings=settings
        ),
        _PROJECT_FILE: with_named(
            (project.root / _PROJECT_FILE).read_text(encoding="utf-8"), named
        ),
        **models,
    }


def write_files(project: Project, files: dict[Path, str]) -> None:
    """Write them all, each in one piece."""
    for path, text in files.items():
        target = project.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, text.encode())


def _models(source: ProposedSource, assumed: Assumed) -> dict[Path, str]:
    found: dict[Path, str] = {}
    folder = Path("models/staging") / source.name
    for table in source.tables:
        name = model_name(source.name, table)
        found[folder / f"{name}.sql"] = staging_sql(source.name, table, assumed)
        found[folder / f"{name}.yml"] = staging_properties(source.name, table, assumed)
    derived = _derives_products(source)
    if derived is not None:
        name = _derived_name(source)
        folder = Path("models/intermediate") / source.name
        found[folder / f"{name}.sql"] = _derived_sql(source, derived)
        found[folder / f"{name}.yml"] = _derived_properties(source)
    return found


def _named(source: ProposedSource, active: Sequence[str], settings: Mapping[str, str]) -> Named:
    conforming: dict[str, list[str]] = {}
    order_keys: dict[str, str] = {}
    for table in source.tables:
        if table.entity is None:
            continue
        conforming.setdefault(table.entity, []).append(model_name(source.name, table))
        order = table.with_role("order_id")
        if table.entity == "order_lines" and order is not None:
            order_keys[table.name] = f"'{source.name}:' || trim({order.name})"
    if _derives_products(source) is not None:
        conforming["products"] = [_derived_name(source)]
    has_intermediate = _derives_products(source) is not None
    return Named(source.name, active, conforming, order_keys, has_intermediate, settings)


def _derives_products(source: ProposedSource) -> ProposedTable | None:
    """The table of order lines that names products, where no table lists them."""
    entities = {table.entity for table in source.tables}
    if "products" in entities:
        return None
    return next(
        (
            table
            for table in source.tables
            if table.entity == "order_lines" and table.with_role("product_id")
        ),
        None,
    )


def _derived_name(source: ProposedSource) -> str:
    return f"int_{source.name}_products_derived"


def _derived_sql(source: ProposedSource, table: ProposedTable) -> str:
    return f"""\
-- The source has no list of products: what the newest order says about one counts.
select
    product_id,
    arg_max(product_name, (ordered_at, product_name))
    filter (where product_name is not null and ordered_at is not null) as name,
    arg_max(category, (ordered_at, category))
    filter (where category is not null and ordered_at is not null) as category,
    cast(null as decimal(18, 4)) as unit_cost,
    cast(null as varchar) as line_type
from {{{{ ref('{model_name(source.name, table)}') }}}}
where product_id is not null
group by product_id
"""


def _derived_properties(source: ProposedSource) -> str:
    return f"""\
version: 2

models:
  - name: {_derived_name(source)}
    description: >
      One row per product that an order names: the source has no list of products, so there are no costs. Name
      and category are those of the newest order. Hazards: incomplete; revised later. A view.
    columns:
      - name: product_id
        description: "{{{{ doc('product_id') }}}}"
        data_tests: [not_null, unique]
      - name: name
        description: "{{{{ doc('product_name') }}}}"
      - name: category
        description: "{{{{ doc('product_category') }}}}"
      - name: unit_cost
        description: Always null. The source does not say what a product costs the shop.
      - name: line_type
        description: "{{{{ doc('source_line_type') }}}}"
"""
