"""A secret stands wherever one can, and is found nowhere: not in what is said, kept, logged or released."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from ingest.run import ingest
from tests.conftest import ROOT
from tests.pipeline.canary import CORE, canary, found_in, is_in
from tests.pipeline.rest_lake import HURRIED
from tests.pipeline.scripted_api import Asked, Reply, Script, as_json, scripted_api

TOKEN, PARAMETER = canary("token"), canary("parameter")
USER, PASSWORD = f"user{CORE}", f"password{CORE}"
WORLD = {
    "SHOP_TOKEN": TOKEN,
    "SHOP_PARAMETER": PARAMETER,
    "SHOP_USER": USER,
    "SHOP_PASSWORD": PASSWORD,
    "SHOP_FOLDER": f"v1-{CORE}",
    "AWS_ACCESS_KEY_ID": f"AKIA{CORE}",
    "AWS_SECRET_ACCESS_KEY": canary("aws"),
    "AWS_SESSION_TOKEN": canary("session"),
    "AWS_EC2_METADATA_DISABLED": "true",
    # dlt would take these too.
    "SOURCES__WEB__TOKEN": canary("dlt"),
    "DESTINATION__FILESYSTEM__CREDENTIALS__AWS_SECRET_ACCESS_KEY": canary("dltaws"),
}
COLUMNS = [{"name": "id", "nullable": False}, {"name": "amount", "type": "integer"}]


def written(secrets: Sequence[str]) -> str:
    """Each of them in the ways in which an API may write it."""
    many = [*secrets, *(quote(each) for each in secrets), *(quote_plus(each) for each in secrets)]
    longer = [f"{lead}{each}" for lead in ("", "a", "ab") for each in secrets]
    return " ".join([*many, *(base64.b64encode(each.encode()).decode() for each in longer)])


def echo(asked: Asked) -> str:
    """Everything that was sent, as a careless API says it back in an error."""
    return written(
        [str(asked.authorization), *asked.parameters.values(), asked.path, *WORLD.values()]
    )


def orders(asked: Asked) -> Reply:
    """Records that hold what the API was asked with: in a value, in a name, in what does not fit."""
    first = asked.parameters.get("cursor") is None
    told = written([TOKEN, str(asked.authorization)])
    records = [
        {"id": f"a{first}", "amount": 1, "asked": told, told: 2},
        {"id": f"b{first}", "amount": f"two {told}"},
        {"id": TOKEN, "amount": 3},
    ]
    reply = as_json({"data": records, "next_cursor": TOKEN if first else None})
    return reply if first else Reply(reply.body.replace(b"/", b"\\/"))  # as PHP writes JSON


def signed(asked: Asked) -> Reply:
    told = f"{written([PASSWORD])} {asked.authorization}"
    return as_json({"data": [{"id": told, "amount": "one"}], "next_cursor": None})


ANSWERS: dict[str, Script] = {
    "orders": orders,
    "signed": signed,
    "refused": lambda asked: Reply(echo(asked).encode(), 401, {"X-Why": quote(echo(asked))}),
    "wrong": lambda asked: as_json({"__type": "AccessDeniedException", "m": echo(asked)}, 400),
    "broken": lambda asked: Reply(f'{{"data": [{{"id": "{echo(asked)}'.encode()),
    "nothing": lambda asked: as_json({"said": echo(asked)}),
    "moved": lambda asked: Reply(b"", 302, {"Location": f"http://127.0.0.1:9/?t={quote(TOKEN)}"}),
}


def answer(asked: Asked) -> Reply:
    return ANSWERS[asked.path.rpartition("/")[2] or "wrong"](asked)


def api_table(name: str, **changes: Any) -> dict[str, Any]:
    block = {"name": name, "path": f"/{name}", "data_selector": "data", "columns": COLUMNS}
    return {**block, "max_rejected": 1.0, **changes}


def api(url: str, name: str, *tables: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "rest_api",
        "base_url": f"{url}/${{SHOP_FOLDER}}",
        "auth": {"type": "bearer", "token": "${SHOP_TOKEN}"},
        "pagination": {
            "type": "cursor",
            "cursor_path": "next_cursor",
            "cursor_param": "cursor",
        },
        "tables": list(tables),
        **changes,
    }


@dataclass
class Shop:
    """A project of nothing but a sources file, and everything that was ever said about it."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def declare(self, *sources: dict[str, Any]) -> None:
        (self.folder / "ingest").mkdir(parents=True, exist_ok=True)
        (self.folder / "dbt_project.yml").write_text("name: shop\n", encoding="utf-8")
        document = {"version": 1, "sources": list(sources)}
        text = json.dumps(document)
        (self.folder / "ingest" / "sources.yml").write_text(text, encoding="utf-8")

    def till(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        plain = {
            key: value for key, value in os.environ.items() if not key.startswith(("TILL_", "AWS_"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "till", *arguments],
            cwd=self.folder,
            env={**plain, **WORLD, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "2000"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Loads that work and loads that fail in every way, and what is told of them. Look, do not change."""
    shop = Shop(tmp_path_factory.mktemp("canary") / "shop")
    shop.folder.mkdir()
    (shop.folder / ".dlt").mkdir()
    secrets = f"[sources.web]\ntoken = '{canary('dltfile')}'\n"
    (shop.folder / ".dlt" / "secrets.toml").write_text(secrets, encoding="utf-8")
    with scripted_api(answer) as served:
        inside = served.url.replace("://", "://${SHOP_USER}:${SHOP_PASSWORD}@")
        parameters = {"of": "${SHOP_PARAMETER}"}
        failing = ("refused", "wrong", "broken", "nothing")
        shop.declare(
            api(served.url, "web", api_table("orders", params=parameters)),
            api(inside, "signed", api_table("signed"), auth=None),
            *(api(served.url, name, api_table(name, params=parameters)) for name in failing),
            {
                "name": "stream",
                "kind": "kinesis",
                "stream": "orders",
                "region": "eu-west-1",
                "endpoint_url": served.url,
                "tables": [{"name": "events", "columns": COLUMNS}],
            },
        )
        loaded = shop.till("ingest", "--json")
        assert loaded.returncode == 1, loaded.stderr
        errors = {each["source_name"]: each["error"] for each in json.loads(loaded.stdout)}
        assert {name for name, error in errors.items() if error is None} == {"web", "signed"}
        shop.till("--debug", "ingest", "web", "refused", "wrong", "stream")
        shop.till("ingest", "--dry-run", "--json")
        shop.till("rejected", "--rows", "--all")
        shop.till("rejected", "--csv", "rejected.csv")
        shop.till("status", "--json")
        shop.till("generate")
    return shop


def test_what_is_said_holds_no_secret(shop: Shop) -> None:
    assert not is_in("\n".join(shop.said).encode())
    assert "${SHOP_TOKEN}" in "\n".join(shop.said)  # the echo was there, and is concealed


def test_what_is_kept_holds_no_secret(shop: Shop) -> None:
    kept = found_in(shop.folder)
    assert kept == [".dlt/secrets.toml"]
    assert list((shop.folder / "lake" / "raw" / "web" / "orders").rglob("*.parquet"))
    assert list((shop.folder / "lake" / "rejected" / "web" / "orders").rglob("*.parquet"))


def test_the_search_finds_what_it_is_made_to_find(tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    table = pa.table({"a": [base64.b64encode(f"x{TOKEN}".encode()).decode()]})
    parquet.write_table(table, tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b").write_text(quote_plus(TOKEN), encoding="utf-8")
    (tmp_path / CORE).mkdir()
    assert found_in(tmp_path) == [CORE, "a.parquet", "b"]


@pytest.mark.parametrize("path", ["/moved", "/orders"])
def test_no_log_and_no_error_of_an_api_out_of_reach_tells(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Logs are read from Information on: what a library tells its debugger is nobody's log."""
    caplog.set_level(logging.INFO)
    shop = Shop(tmp_path / "shop")
    with scripted_api(answer) as served:
        url = served.url if path == "/moved" else "http://127.0.0.1:9"
        shop.declare(api(url, "web", api_table("orders", path=path)))
        sources = load_sources_file(shop.folder / "ingest" / "sources.yml", WORLD)
        said: list[str] = []
        (result,) = ingest(
            sources, tmp_path / "lake", tmp_path, on_progress=said.append, patience=HURRIED
        ).tables
    assert result.error is not None
    output = capfd.readouterr()
    heard = [str(result.error), repr(result), *said, output.out, output.err, caplog.text]
    assert not is_in("\n".join(heard).encode())
    assert found_in(tmp_path / "lake") == []


BROKEN = {
    "broken before": 'auth: {{type: bearer, token: "{secret}"',
    "broken after": 'auth: {{type: bearer, token: "{secret}"}}\n  kind: [',
    "twice": "auth:\n      token: {secret}\n      token: {secret}x",
    "an alias": "auth: {{type: bearer, token: *{plain}}}",
    "a tag": "auth: {{type: bearer, token: !!{plain} x}}",
    "no block": "auth: {secret}",
    "a list": "auth: [{secret}]",
    "another key": "auth: {{type: bearer, tokn: {secret}}}",
    "a list in its place": "auth: {{type: bearer, token: [{secret}]}}",
    "a name in an address": "endpoint: 1\n    base_url: https://{plain}@shop.example",
    "a password in an address": "endpoint: 1\n    base_url: https://me:{plain}@shop.example",
    "a parameter that is a list": "params: [{secret}]",
    "in the name": 'description: "${{SHOP_TOKEN}}"',
    "beside it": 'base_url: ["${{SHOP_TOKEN}}"]',
    "as an address": 'base_url: "${{SHOP_TOKEN}}"',
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_sources_file_does_not_repeat_it(case: str, tmp_path: Path) -> None:
    text = BROKEN[case].format(secret=TOKEN, plain=f"x{CORE}")
    file = tmp_path / "sources.yml"
    file.write_text(
        "version: 1\nsources:\n  - name: web\n    kind: rest_api\n"
        f"    {text}\n    tables: [{{name: orders, path: /x, columns: [{{name: id}}]}}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError) as raised:
        load_sources_file(file, WORLD)
    assert not is_in(str(raised.value).encode())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('vars: {x: "${SHOP_TOKEN}"}', "x"),
        ('sources: [{name: a, kind: csv, description: "${SHOP_TOKEN}"}]', "description"),
        ('sources: [{name: a, tables: [{columns: [{header: "${SHOP_TOKEN}"}]}]}]', "header"),
        ('sources: [{kind: rest_api, tables: [{path: "/${SHOP_TOKEN}"}]}]', "path"),
    ],
)
def test_no_variable_stands_where_it_would_be_published(
    text: str, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "sources.yml"
    file.write_text(f"version: 1\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"'{key}' holds a variable, and what stands here"):
        load_sources_file(file, WORLD)


def test_a_whole_run_keeps_its_token_to_itself(demo_project: Path) -> None:
    """The demo was loaded, built, drawn and released with a token that nobody else has."""
    for folder in (
        "lake/raw/_dlt",
        "lake/raw/_manifest",
        "lake/releases",
        "lake/marts",
        "target",
        "site",
    ):
        assert list((demo_project / folder).iterdir())
    assert found_in(demo_project) == []
