"""The progress of indexing, as it is written."""

import io

from shop.demo.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_one_line_that_is_overwritten():
    stream = Terminal()
    progress = Progress("indexing", stream)
    for done in (0, 16, 32):
        progress.show(done, 32)
    progress.close()
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().count("\r") == 3
    assert f"[{'#' * 32}] 32/32" in stream.getvalue()
    assert f"[{'#' * 16}{'.' * 16}] 16/32" in stream.getvalue()


def test_a_file_gets_the_first_and_the_last_state_but_not_each_between():
    stream = io.StringIO()
    progress = Progress("indexing", stream)
    for done in range(33):
        progress.show(done, 32)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("0/32")
    assert "32/32" in lines[-1]
    assert len(lines) == 2


def test_nothing_to_index_is_complete():
    stream = io.StringIO()
    Progress("indexing", stream).show(0, 0)
    assert "0/0" in stream.getvalue()
