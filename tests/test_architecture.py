"""The laws of the house: layers, the seam, the doors, imports and sizes."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("features", "training", "serving")
MODULES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
OURS = [*MODULES, ROOT / "vitrine.py", *sorted((ROOT / "benchmarks").rglob("*.py"))]

# Which modules or packages may import a heavy library; everybody else asks them.
DOORS = {
    "duckdb": {"features.event_log.engine"},
    "faiss": {"features.item_index"},
    "implicit": {"training.models.als", "training.models.bpr", "training.models.item_knn"},
    "lightfm": {"training.models.lightfm"},
    "lightgbm": {"training.ranker"},
    "mlflow": {"training.mlflow_door"},
    "matplotlib": {"training.plots.canvas"},
    "optuna": {"training.tune.study"},
    "sklearn": {"training.tastes"},
    "bentoml": {"serving.service"},
    "sqlalchemy": {"serving.store"},
    "alembic": {"serving.store"},
    "psycopg": {"serving.store"},
    "lark": {"serving.filters.parsing"},
}
# Table work is Ibis; what serving loads is arrays.
TABLES = ("ibis", "duckdb")
TOO_HEAVY_TO_SERVE = (
    *("mlflow", "implicit", "lightfm", "lightgbm", "pandas", "optuna", "pyspark", "matplotlib"),
    "sklearn",
    *TABLES,
)
LONGEST_MODULE = 250
LONGEST_FUNCTION = 40
DEEPEST_NESTING = 2


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)}:{node.lineno}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                # `from training import bundle` imports a module, `from a.b import Name` a name.
                inner = f"{module}.{alias.name}"
                is_module = (ROOT / f"{inner.replace('.', '/')}.py").exists()
                yield (inner if is_module else module), node.lineno


def _inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_from_serving_to_training_to_features(path: Path) -> None:
    layer = _name(path).split(".")[0]
    above = LAYERS[LAYERS.index(layer) + 1 :]
    for imported, line in _imports(path):
        for other in above:
            assert not _inside(imported, other), (
                f"{_name(path)}:{line} imports {imported}: {layer} lies below {other}"
            )


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_serving_knows_of_training_only_the_bundle(path: Path) -> None:
    if not _inside(_name(path), "serving"):
        return
    for imported, line in _imports(path):
        if _name(path) == "serving.demo":
            continue  # the demo walks the whole road, like the command line does
        assert not _inside(imported, "training") or imported == "training.bundle", (
            f"{_name(path)}:{line} imports {imported}: the seam is training.bundle"
        )


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_heavy_libraries_have_one_door(path: Path) -> None:
    if _inside(_name(path), "benchmarks"):
        return  # a benchmark measures the bare library beside us
    for imported, line in _imports(path):
        doors = DOORS.get(imported.split(".")[0])
        assert doors is None or any(_inside(_name(path), door) for door in doors), (
            f"{_name(path)}:{line} imports {imported}: its door is {sorted(doors or ())}"
        )


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_modules_functions_and_nesting_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_MODULE, f"{_name(path)} has {lines} lines: split it by noun"
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = _code_lines(node)
            assert length <= LONGEST_FUNCTION, f"{_name(path)}.{node.name} has {length} lines"
            assert _depth(node.body) <= DEEPEST_NESTING, (
                f"{_name(path)}.{node.name} nests over {DEEPEST_NESTING} deep: name the inner part"
            )


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = ast.get_docstring(node) is not None
    first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def _depth(body: list[ast.stmt]) -> int:
    deepest = 0
    for node in body:
        # try and with say how, not what; only decisions and loops count as levels.
        level = isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.If)
        inner = [
            part for name in ("body", "orelse", "finalbody") for part in [getattr(node, name, [])]
        ]
        inner += [handler.body for handler in getattr(node, "handlers", [])]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        below = max((_depth(part) for part in _without_elif(node, inner)), default=0)
        deepest = max(deepest, below + level)
    return deepest


def _without_elif(node: ast.stmt, inner: list[list[ast.stmt]]) -> list[list[ast.stmt]]:
    """Take an `elif` for what it is: the same level, written further down."""
    if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        nested = node.orelse[0]
        return [node.body, *_without_elif(nested, [nested.body, nested.orelse])]
    return inner


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_every_module_says_what_question_it_answers(path: Path) -> None:
    assert ast.get_docstring(_tree(path)), f"{_name(path)} has no docstring"


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    for imported, line in _imports(path):
        root = imported.split(".")[0]
        assert root not in {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}, (
            f"{_name(path)}:{line} imports {imported}: nothing we load is a pickle"
        )
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    for call in calls:
        assert not (isinstance(call.func, ast.Name) and call.func.id in {"eval", "exec"}), (
            f"{_name(path)}:{call.lineno} evaluates text"
        )


def test_importing_the_service_loads_no_training_library() -> None:
    code = "import json, sys, serving.service; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & set(TOO_HEAVY_TO_SERVE), loaded & set(TOO_HEAVY_TO_SERVE)


def test_nothing_of_this_machine_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]

    for path in [path for path in paths if path.is_file() and path.suffix != ".parquet"]:
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert f"{Path.home()}/" not in text, f"{path.name} names a home folder"
        assert f"{ROOT}/" not in text, f"{path.name} names this checkout"


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_requirements_are_hashed_and_name_no_index(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert lines
    for line in lines:
        assert "://" not in line, f"{path.name} names a host: {line}"
        assert not line.startswith("-"), f"{path.name} has an option: {line}"
        assert line.startswith("    --hash=sha256:") or line.endswith("\\"), line
