"""Which files are loaded, which are known already, and which replace a former version of themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from configuration.errors import ConfigurationError, PlainError
from tests.pipeline.csv_shop import CsvShop

HEAD = "id,amount\n"
ONE_FILE = """\
      - name: sales
        path: {}
        columns: [{{name: id}}, {{name: amount, type: integer}}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    return CsvShop(tmp_path / "shop")


def test_a_file_is_loaded_once(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    assert shop.ingest().tables[0].inputs_loaded == 1
    again = shop.ingest().tables[0]
    assert (again.load_id, again.inputs_loaded, again.inputs_skipped) == (None, 0, 1)
    assert len(shop.manifest().records) == 1
    assert shop.rows() == [("a", 1)]


def test_only_what_is_new_is_loaded(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    shop.drop("b.csv", HEAD + "b,2\n")  # as long as a.csv
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.inputs_skipped, result.rows_read) == (1, 1, 1)
    assert shop.rows() == [("a", 1), ("b", 2)]


def test_the_same_content_under_another_name_is_not_loaded_again(shop: CsvShop) -> None:
    path = shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    path.rename(path.with_name("renamed.csv"))
    assert shop.ingest().tables[0].load_id is None
    shutil.copyfile(path.with_name("renamed.csv"), path.with_name("copy.csv"))
    assert shop.ingest().tables[0].load_id is None
    assert shop.rows() == [("a", 1)]


def test_two_files_of_the_same_content_in_one_load_count_once(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + "a,1\n")
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.inputs_skipped) == (1, 1)
    assert shop.rows() == [("a", 1)]


def test_a_changed_file_replaces_its_former_version(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2\n")
    shop.drop("other.csv", HEAD + "o,9\n")
    first = shop.ingest().tables[0]
    shop.drop("a.csv", HEAD + "a,1\nb,3\nc,4\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 3), ("c", 4), ("o", 9)]
    newest = shop.manifest().records[-1]
    assert [(each.load_id, each.path) for each in newest.supersedes] == [
        (first.load_id, "drops/a.csv")
    ]
    shop.drop("a.csv", HEAD + "a,1\nb,2\n")  # and back again
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 2), ("o", 9)]


def test_a_change_that_keeps_the_length_is_noticed(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    shop.drop("a.csv", HEAD + "a,2\n")
    shop.ingest()
    assert shop.rows() == [("a", 2)]


def test_files_that_swap_their_content_are_both_replaced(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + "b,2\nc,3\n")
    shop.ingest()
    shop.drop("a.csv", HEAD + "b,2\nc,3\n")
    shop.drop("b.csv", HEAD + "a,1\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]


def test_content_that_would_vanish_with_a_changed_file_is_kept_by_its_copy(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    shop.drop("copy.csv", HEAD + "a,1\n")
    shop.drop("a.csv", HEAD + "z,26\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("z", 26)]


def test_a_file_that_became_a_copy_of_another_takes_its_former_rows_back(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + "b,2\nc,3\n")
    shop.ingest()
    shop.drop("b.csv", HEAD + "a,1\n")
    shop.ingest()
    assert shop.rows() == [("a", 1)]
    shop.check_books()


def test_rows_of_a_file_that_is_gone_stay(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n").unlink()
    shop.drop("b.csv", HEAD + "b,2\n")
    shop.ingest()
    (shop.folder / "drops" / "b.csv").unlink()
    shop.drop("c.csv", HEAD + "c,3\n")
    shop.ingest()
    assert shop.rows() == [("b", 2), ("c", 3)]


def test_a_changed_file_that_is_broken_leaves_its_former_version_in_force(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    shop.drop("a.csv", HEAD + '"a,2\n')
    assert "never closed" in shop.error()
    assert shop.rows() == [("a", 1)]


def test_rejected_rows_of_a_file_are_loaded_once_it_is_mended(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,two\n")
    shop.ingest()
    assert (shop.rows(), len(shop.rejected())) == ([("a", 1)], 1)
    shop.drop("a.csv", HEAD + "a,1\nb,2\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    "name",
    ["with space.csv", "quote's.csv", "[1].csv", "a*b?.csv", "ñ-日本.csv", "UPPER.CSV", "a{b}.csv"],
)
def test_a_file_may_be_called_anything(name: str, shop: CsvShop) -> None:
    shop.drop(name, HEAD + "a,1\nb,x\n")
    shop.ingest()
    assert shop.rows() == [("a", 1)]
    assert [each.file for each in shop.rejected()] == [f"drops/{name}"]
    assert [each.path for each in shop.manifest().records[0].inputs] == [f"drops/{name}"]


def test_files_of_one_load_may_order_their_columns_differently(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", "amount,id\n2,b\nx,c\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 2)]
    assert [(each.file, each.line, each.original_text) for each in shop.rejected()] == [
        ("drops/b.csv", 3, "x,c")
    ]


def test_a_pattern_reaches_into_folders_and_leaves_out_what_programs_leave_lying(
    shop: CsvShop,
) -> None:
    shop.declare(ONE_FILE.format("drops/**/*.csv"))
    shop.drop("2024/05/a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + "b,2\n")
    shop.drop("~$b.csv", "garbage")
    shop.drop(".hidden.csv", "garbage")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 2)]


def test_a_folder_takes_csv_files_only(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("notes.txt", "not a table")
    assert shop.ingest().failed == []
    assert shop.rows() == [("a", 1)]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("drops/gone.csv", "drops/gone.csv: the file does not exist. Put the export there, or correct"),
        ("drops", "drops: no CSV file is there. Put the export there; its name must end in .csv."),
        ("drops/*.csv", "drops/*.csv: the file does not exist. Put the exports there, or correct"),
    ],
)  # fmt: skip
def test_no_file_at_all_is_told(path: str, sentence: str, shop: CsvShop) -> None:
    shop.declare(ONE_FILE.format(path))
    assert shop.error().startswith(sentence)


def test_a_lake_that_is_no_folder_is_told_in_one_sentence(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.lake.write_text("not a folder")
    with pytest.raises(PlainError) as caught:
        shop.ingest()
    assert "the lake cannot be written" in str(caught.value)
    assert "TILL_LAKE" in caught.value.remedy


def test_a_table_that_cannot_be_written_is_told_and_half_loads_nothing(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    (shop.lake / "raw" / "shop").mkdir(parents=True)
    in_the_way = shop.lake / "raw" / "shop" / "sales"
    in_the_way.write_text("a file where a folder is wanted")
    error = shop.error()
    assert error.startswith(f"{shop.lake}: the load could not be written (")
    assert "\n" not in error
    assert shop.manifest().records == []
    in_the_way.unlink()
    shop.ingest()
    assert shop.rows() == [("a", 1)]


def test_a_load_record_that_cannot_be_read_stops_the_ingest(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    record = next((shop.lake / "raw" / "_manifest").glob("*.json"))
    record.write_text("[{]")
    with pytest.raises(PlainError, match="this load record cannot be read"):
        shop.ingest()


def test_one_source_or_table_can_be_asked_for(shop: CsvShop) -> None:
    shop.declare(
        ONE_FILE.format("drops/a.csv")
        + ONE_FILE.format("drops/b.csv").replace("name: sales", "name: refunds")
    )
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + "b,2\n")
    assert [each.table_name for each in shop.ingest(only=["shop.refunds"]).tables] == ["refunds"]
    assert [each.table_name for each in shop.ingest(only=["shop"]).tables] == ["sales", "refunds"]
    with pytest.raises(ConfigurationError, match=r"there is no source 'shop\.refund'") as caught:
        shop.ingest(only=["shop.refund"])
    assert caught.value.remedy == "Did you mean 'shop.refunds'?"


def test_a_table_that_fails_does_not_stop_the_next(shop: CsvShop) -> None:
    shop.declare(
        ONE_FILE.format("drops/gone.csv")
        + ONE_FILE.format("drops/b.csv").replace("name: sales", "name: refunds")
    )
    shop.drop("b.csv", HEAD + "b,2\n")
    result = shop.ingest()
    assert [each.table_name for each in result.failed] == ["sales"]
    assert shop.rows("refunds") == [("b", 2)]


def test_a_file_that_was_loaded_before_a_column_was_declared_counts_as_it_is(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    columns = "{name: id}, {name: shelf, type: integer}"
    shop.declare(ONE_FILE.format("drops").replace("{name: id}", columns))
    shop.drop("b.csv", "id,amount,shelf\nb,2,7\n")
    result = shop.ingest().tables[0]
    assert (result.error, result.inputs_loaded, result.inputs_skipped) == (None, 1, 1)
    schemas = [
        [column.name for column in record.schema]
        for record in shop.manifest().of_table("shop", "sales")
    ]
    assert schemas == [["id", "amount", "_file"], ["id", "shelf", "amount", "_file"]]
    shop.drop("c.csv", HEAD + "c,3\n")  # a new one must have the column
    assert "the column 'shelf' is not there" in shop.error()
