"""Tiny potential files."""

N = 5


def setfl(*, header="1 Cu", grid=f"{N} 0.1 {N} 0.5 2.5", densities=1, n=1, blocks=None):
    """A tiny setfl file."""
    number = iter(range(1, 10_000))
    block = lambda: " ".join(str(0.01 * next(number)) for _ in range(N))  # noqa: E731
    lines = ["one", "two", "three", header, grid]
    for _ in range(n):
        lines += ["29 63.5 3.6 fcc", block(), *(block() for _ in range(densities))]
    lines += [block() for _ in range(n * (n + 1) // 2)]
    return "\n".join(blocks(lines) if blocks else lines) + "\n"


def written(tmp_path, text, name="tiny.eam.alloy"):
    path = tmp_path / name
    path.write_text(text)
    return path
