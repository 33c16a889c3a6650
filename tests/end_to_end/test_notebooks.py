"""The notebooks run from top to bottom on a small simulated shop, and define nothing."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    path: Path, simulated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(simulated_home))
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}}).execute()

    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    drawn = [out.data for out in outputs if " Axes>" in out.get("data", {}).get("text/plain", "")]
    assert drawn
    assert all("image/png" in one for one in drawn), "a picture is shown by its name alone"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_and_never_defines(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]

    assert cells
    for cell in cells:
        defined = [
            node
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
        ]
        assert not defined, f"{path.name} defines something: move it into a module"
        assert not cell.outputs, f"{path.name} is committed with outputs: clear them"
