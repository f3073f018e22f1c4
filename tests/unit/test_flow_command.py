"""`jietong flow`: menus checked, tested, tried and drawn by whoever writes them."""

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jietong.flow_picture import CHARACTERS, WIDTH, _boxes, _wrapped
from jietong.processes.flows import check, draw, try_out
from jietong.processes.flows import test as tell_stories
from jietong.site_file import SiteFileError, load_site
from tests.flows import FOLDER, shipped
from tests.unit.test_site_file import A_SITE_FILE

OWN = '[flow]\nperson = "business"\n[which]\nmenu = "business-menu"\n1 = "person"\n'
STORY = "story plan\nflow business\nkeys 1\nhears business-menu\nend queue business\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An operator's folder with one menu and one story of its own."""
    (tmp_path / "stories").mkdir()
    (tmp_path / "business.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "stories" / "mine.txt").write_text(STORY, encoding="utf-8")
    return tmp_path


def test_shipped_and_own_flows_are_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is wrong, and it is said how much was looked at."""
    assert check(None, None) == 0
    assert check(folder, None) == 0
    assert "no mistakes" in capsys.readouterr().out


BROKEN = {
    "a key twice": (OWN + '1 = "end"\n', ":6: not TOML: this key stands in the table twice"),
    "no TOML": ("[which\n", ":1: not TOML"),
    "a wrong place": (OWN + '2 = "nowhere"\n', ":6: which.2: there is no node 'nowhere'"),
    "no prompt": (OWN.replace("business-menu", "busyness-menu"), ":3: which: no recording of 'busyness-menu'"),
}


@pytest.mark.parametrize("title", BROKEN)
def test_a_mistake_is_told_with_file_and_line(title: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator is led to the line."""
    text, told = BROKEN[title]
    (folder / "business.toml").write_text(text, encoding="utf-8")
    assert check(folder, None) == 2
    assert f"{folder / 'business.toml'}{told}" in capsys.readouterr().err


def test_every_file_is_judged_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in one file hides nothing of another, and makes no mistake of it."""
    (folder / "business.toml").write_text(OWN + '1 = "end"\n', encoding="utf-8")
    (folder / "query.toml").write_text('[a]\nmenu = "welcom"\n1 = "persn"\n2 = "flow:business"\n', encoding="utf-8")
    assert check(folder, None) == 2
    told = [line.removeprefix(f"{folder}/") for line in capsys.readouterr().err.splitlines()]
    begins = (
        "business.toml:6: not TOML",
        "query.toml:1: a: no recording",
        "query.toml:3: a.1: there is no node 'persn'",
    )
    assert len(told) == 3 and all(line.startswith(begin) for line, begin in zip(told, begins, strict=True)), told


def test_the_page_is_right_to_the_letter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever does what docs/flows.md says has a menu without a mistake, and stories that come true."""
    page = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
    menu = page.partition("```toml\n")[2].partition("```")[0]
    story = "story " + page.partition("```\nstory ")[2].partition("```")[0]
    (tmp_path / "stories").mkdir()
    (tmp_path / "business.toml").write_text(menu, encoding="utf-8")
    (tmp_path / "stories" / "business.txt").write_text(story, encoding="utf-8")
    assert check(tmp_path, None) == 0
    assert tell_stories(tmp_path, []) == 0, capsys.readouterr().out


def test_bytes_that_are_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of another program is no flow."""
    (folder / "business.toml").write_bytes(b"\xff\xfe\x00")
    assert check(folder, None) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_site_with_a_broken_menu_does_not_start(folder: Path) -> None:
    """The site's own check tells the menu's mistakes with its own; a folder that is missing is a mistake of its line."""
    site = folder / "site.toml"
    site.write_text(A_SITE_FILE.replace("[hotline]", '[hotline]\nflows = "menus"', 1), encoding="utf-8")
    with pytest.raises(SiteFileError, match=r"site\.toml:\d+: hotline\.flows: .*menus is no folder"):
        load_site(site)
    (folder / "menus").mkdir()
    assert load_site(site).hotline.flows == str(folder / "menus")
    (folder / "menus" / "query.toml").write_text('[a]\nqueue = "nobody"', encoding="utf-8")
    with pytest.raises(SiteFileError, match=r"query\.toml:2: a\.queue: no service 'nobody'"):
        load_site(site)


def test_stories_are_played(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator's stories and the shipped ones come true."""
    assert tell_stories(folder, [folder / "stories" / "mine.txt"]) == 0
    assert capsys.readouterr().out == "1 stories, 0 failed\n"
    assert tell_stories(None, []) == 0


FALSE = {
    "another prompt": (
        STORY.replace("hears business-menu", "hears main-menu"),
        ":4: plan: hears business-menu, not main-menu",
    ),
    "another end": (
        STORY.replace("end queue business", "end hang_up"),
        ":5: plan: the end is queue business, not hang_up",
    ),
    "keys left over": (
        STORY.replace("keys 1", "keys 1 2"),
        ":1: plan: the caller's end is queue business before key 2",
    ),
    "too much to hear": (STORY + "hears goodbye\n", ":6: plan: hears nothing more"),
    "no such flow": (STORY.replace("flow business", "flow nowhere"), ":1: plan: there is no flow 'nowhere'"),
    "no word of a story": (STORY + "sees nothing\n", ":6: a line begins with one of"),
    "no story": ("keys 1\n", ":1: keys before the first story"),
    "half an answer": (STORY + "answer subscriptions\n", ":6: write answer DOOR -> OUTCOME"),
}


@pytest.mark.parametrize("title", FALSE)
def test_a_story_that_is_not_so_is_told(title: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is heard, what was expected, and the line."""
    text, told = FALSE[title]
    story = folder / "stories" / "mine.txt"
    story.write_text(text, encoding="utf-8")
    assert tell_stories(folder, [story]) == 1
    assert f"{story}{told}" in capsys.readouterr().out


def test_a_flow_is_tried_in_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Typed keys lead through the texts to an end; look-ups ask for their answer, an unknown flow is told."""
    monkeypatch.setattr("sys.stdin", io.StringIO("5\n2\n12345678#\nclosed\n1\n!\n"))
    assert try_out("hotline", None, "en", ["tier=ordinary"]) == 0
    out = capsys.readouterr().out
    assert "Welcome to the customer service hotline." in out
    assert "Your complaint has been settled." in out
    assert out.endswith("== gone\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert try_out("complaint", None, "zh-CN", []) == 0
    assert try_out("nothing", None, "en", []) == 2


@pytest.mark.parametrize("name", sorted(shipped().flows))
def test_a_flow_is_drawn(name: str, tmp_path: Path) -> None:
    """The picture is SVG with every node in it, and the one in the guide is today's."""
    out = tmp_path / "picture.svg"
    assert draw(name, None, out, "zh-CN") == 0
    drawn = out.read_text(encoding="utf-8")
    words = {element.text for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("text")}
    assert words >= set(shipped().flows[name].nodes)
    assert (FOLDER.parents[1] / "docs" / "flows" / f"{name}.svg").read_text(encoding="utf-8") == drawn, (
        f"run: jietong flow draw {name} --out docs/flows/{name}.svg"
    )


def test_lines_break_where_a_reader_expects_it() -> None:
    """No line of a box begins with a stop, and no value or Latin word is torn; what fits in no line is cut all the same."""
    said = "您的投诉编号是，‹number›您的投诉编号是，‹number›您的投诉已经受理，我们将在一小时内与您联系，谢谢。"
    assert _wrapped(said) == (
        "您的投诉编号是，‹number›您的投诉编号是，",
        "‹number›您的投诉已经受理，我们将在一小时内与",
        "您联系，谢谢。",
    )
    assert _wrapped("一二三四五六七八九十一二三四五六七八九十一二；三") == (
        "一二三四五六七八九十一二三四五六七八九十一",
        "二；三",
    )
    assert _wrapped("Your complaint number is, ‹number› and we will call you back") == (
        "Your complaint number is, ‹number› and we",
        "will call you back",
    )
    assert all(len(line) <= CHARACTERS for line in _wrapped("x" * 100))


def test_boxes_do_not_overlap() -> None:
    """No node hides another one."""
    for flow in shipped().flows.values():
        boxes = list(_boxes(flow, {}).values())
        for n, one in enumerate(boxes):
            for other in boxes[n + 1 :]:
                apart = (
                    abs(one.x - other.x) >= WIDTH or one.y + one.height <= other.y or other.y + other.height <= one.y
                )
                assert apart, (flow.name, one.name, other.name)
