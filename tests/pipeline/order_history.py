"""A small shop whose history can be written load by load: the marts that the incremental tests build.

`order_lines` and `orders` are incremental; `order_lines_whole` and `orders_whole` are views with the same
SQL, so what an incremental build should have given can be asked for at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.pipeline.lake_project import Build, LakeProject

LINES = """
with newest as (
    select * from {{ source('shop', 'lines') }}
    qualify row_number() over (partition by trim(order_no), line_no order by _load_id desc, _file) = 1
),
rates as (select * from {{ ref('rates') }}),
customers as (select * from {{ ref('customers') }}),
grades as (select * from {{ ref('grades') }})
select
    'shop:' || trim(newest.order_no) as order_key,
    newest.line_no,
    newest.day,
    cast(date_trunc('month', newest.day) as date) as month,
    newest.customer,
    newest.currency,
    coalesce(customers.country, 'ZZ') as country,
    grades.grade,
    cast(newest.amount * coalesce(rates.rate, 1) as decimal(18, 4)) as amount
from newest
left join customers on newest.customer = customers.customer
left join rates on newest.currency = rates.currency and newest.day = rates.day
left join grades on newest.line_no = grades.line_no
where newest.amount is not null
"""

ORDERS = """
with touched_orders as (
    select order_key from {lines} where {{{{ touched_only('month') }}}}
),
lines_to_sum as (
    select * from {lines} where {{{{ touched_only('month') }}}}
    union all
    select elsewhere.* from {lines} as elsewhere
    semi join touched_orders on elsewhere.order_key = touched_orders.order_key
    where not {{{{ touched_only('elsewhere.month') }}}}
)
select
    order_key,
    cast(date_trunc('month', min(day)) as date) as month,
    min(country) as country,
    count(*) as lines,
    cast(sum(amount) as decimal(18, 4)) as amount
from lines_to_sum
group by order_key
"""

NEWEST = """
select * exclude (_file, _load_id, _loaded_at) from {{{{ source('shop', '{table}') }}}}
qualify row_number() over (partition by {key} order by _load_id desc) = 1
"""

LINES_CONTRACT = {
    "order_key": "varchar",
    "line_no": "integer",
    "day": "date",
    "month": "date",
    "customer": "varchar",
    "currency": "varchar",
    "country": "varchar",
    "grade": "varchar",
    "amount": "decimal(18,4)",
}

INCREMENTAL_LINES = {
    "unit": "order_key",
    "rows": {"shop": {"lines": "'shop:' || trim(order_no)"}},
    "lookups": {
        "customers": {"keys": ["customer"], "columns": ["country"]},
        "rates": {"keys": ["currency", "day"]},
    },
}


@dataclass
class OrderHistory:
    """The project and the loads so far; each `load` is one more committed load."""

    project: LakeProject
    loads: int = 0
    known: dict[str, str] = field(default_factory=dict)

    @classmethod
    def start(cls, folder: Path) -> OrderHistory:
        project = LakeProject(folder)
        project.source(
            "shop",
            {
                "lines": {
                    "order_no": "varchar",
                    "line_no": "integer",
                    "day": "date",
                    "customer": "varchar",
                    "currency": "varchar",
                    "amount": "decimal(18, 4)",
                },
                "customers": {"customer": "varchar", "country": "varchar", "email": "varchar"},
                "rates": {"currency": "varchar", "day": "date", "rate": "decimal(18, 4)"},
            },
        )
        project.write("seeds/grades.csv", "line_no,grade\n1,first\n2,second\n")
        view = {"materialized": "view", "schema": "intermediate"}
        project.model("customers", NEWEST.format(table="customers", key="customer"), **view)
        project.model("rates", NEWEST.format(table="rates", key="currency, day"), **view)
        project.model("order_lines_whole", LINES, **view)
        whole = ORDERS.format(lines="{{ ref('order_lines_whole') }}")
        project.model("orders_whole", whole, **view)
        project.model(
            "order_lines",
            "select * from {{ ref('order_lines_whole') }}",
            partition_by="month",
            incremental=INCREMENTAL_LINES,
        )
        project.model(
            "orders",
            ORDERS.format(lines="{{ ref('order_lines') }}"),
            partition_by="month",
            incremental={"follows": "order_lines"},
        )
        return cls(project)

    def copy_to(self, folder: Path) -> OrderHistory:
        """The same history, to go on in another way."""
        return OrderHistory(self.project.copy_to(folder), self.loads, dict(self.known))

    def load(
        self, table: str, files: Mapping[str, Iterable[str]], *, replaces: Iterable[str] = ()
    ) -> str:
        """Commit a load of `table`: per input file its rows, written as in `values (...)`.

        `replaces` names inputs whose last loaded version no longer counts.
        """
        self.loads += 1
        load_id = f"{1_790_000_000 + self.loads}.{self.loads:06d}"
        columns = {
            "lines": "order_no, line_no, day, customer, currency, amount",
            "customers": "customer, country, email",
            "rates": "currency, day, rate",
        }[table]
        values = ", ".join(f"({row}, '{path}')" for path, rows in files.items() for row in rows)
        supersedes = [(self.known[f"{table}/{path}"], path) for path in replaces]
        self.project.load(
            "shop",
            table,
            load_id,
            f"select * from (values {values}) as rows ({columns}, _file)",
            inputs=list(files),
            supersedes=supersedes,
        )
        self.known |= {f"{table}/{path}": load_id for path in files}
        return load_id

    def promise(self, constraint: Mapping[str, object]) -> None:
        """Give `order_lines` an enforced contract with this constraint."""
        columns = [{"name": name, "data_type": kind} for name, kind in LINES_CONTRACT.items()]
        model = {
            "name": "order_lines",
            "config": {"contract": {"enforced": True}},
            "constraints": [constraint],
            "columns": columns,
        }
        self.project.properties("order_lines", {"models": [model]})

    def build(self, *arguments: str) -> Build:
        """Build all, or what the arguments select: views need it only when their SQL changed."""
        return self.project.succeed("build", *arguments)

    def differences(self) -> int:
        """Rows in which the marts are not what building them whole would give."""
        found = 0
        for mart in ("order_lines", "orders"):
            one, two = f"marts.{mart}", f"intermediate.{mart}_whole"
            found += self.project.query(
                f"select count(*) from ((from {one} except all from {two}) "
                f"union all (from {two} except all from {one}))"
            )[0][0]
        return found

    def files(self, mart: str = "order_lines") -> dict[str, tuple[str, int]]:
        """Per month the name of its file and when that was written, in nanoseconds."""
        found = {}
        for path in self.project.files(f"marts/{mart}/*/*.parquet"):
            month = Path(path).parent.name.removeprefix("month=")[:7]
            assert month not in found, "a month has two files"
            modified = self.project.lake_path(path).stat().st_mtime_ns
            found[month] = (Path(path).name, modified)
        return found

    def rewritten(
        self, before: Mapping[str, tuple[str, int]], mart: str = "order_lines"
    ) -> set[str]:
        """Months whose file is not the one of `before`; also those that came or went."""
        now = self.files(mart)
        return {month for month in {*before, *now} if before.get(month) != now.get(month)}
