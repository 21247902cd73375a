import pytest

from tools import lengths

BODY = "    pass\n"


def functions(tmp_path, *bodies):
    file = tmp_path / "file.py"
    file.write_text("".join(f"def f{number}():\n{BODY * lines}" for number, lines in enumerate(bodies)))
    return [(f"service/{name}", size) for name, size in lengths.function_sizes(file)]


def test_a_function_of_sixty_lines_is_the_longest(tmp_path):
    sizes = functions(tmp_path, 59, 60, 1, 1, 1)
    assert [size for _, size in sizes] == [60, 61, 2, 2, 2]
    (fault,) = lengths.faults(sizes, [])
    assert "f1: 61 lines, at most 60" in fault


def test_half_of_the_functions_are_under_ten_lines(tmp_path):
    assert lengths.faults(functions(tmp_path, 8, 20), []) == [
        "functions of service/: median 15 lines, under 10 wanted"
    ]


@pytest.mark.parametrize(("lines", "count"), [(600, 0), (601, 1)])
def test_a_file_has_at_most_six_hundred_lines(lines, count):
    assert len(lengths.faults([], [("service/a.py", lines)])) == count


def test_small_files_are_counted_and_do_not_fail():
    files = [("service/a.py", 49), ("service/b.py", 50), ("service/c/__init__.py", 3), ("tests/d.py", 2)]
    assert lengths.faults([], files) == []
    assert lengths.summary([], files).endswith("1 under 50")


def test_the_sources_keep_the_rules():
    assert lengths.main([]) == 0
