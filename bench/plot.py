"""Draws curves as SVG with the standard library. Knows nothing of what they mean."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 760, 420, 60, 50, 40, 150
_COLOURS = ("#1b6ca8", "#c1440e", "#3a7d44", "#7b4b94", "#b8860b", "#444444")


def curves(title: str, x_name: str, y_name: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """One curve for each name. Both axes begin at 0; y ends at 1 and is shown in percent."""
    x_end = max(x for points in lines.values() for x, _ in points)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    floor = _TOP + high

    def at(x: float, y: float) -> str:
        return f"{_LEFT + wide * x / x_end:.1f},{floor - high * y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
        f'<text x="{_LEFT + wide / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(x_name)}</text>',
        f'<text x="8" y="{_TOP - 8}">{escape(y_name)}</text>',
    ]
    for tenth in range(0, 11, 2):
        y = floor - high * tenth / 10
        parts.append(f'<path d="M{_LEFT},{y} h{wide}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{10 * tenth}</text>')
    for quarter in range(5):
        x = _LEFT + wide * quarter / 4
        parts.append(f'<text x="{x}" y="{floor + 18}" text-anchor="middle">{x_end * quarter / 4:.0f}</text>')
    for n, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[n % len(_COLOURS)]
        path = " ".join(at(x, y) for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{_TOP + 16 * n + 8}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
