"""Line charts as SVG files that stand alone: readable on light and dark pages, without scripts or fonts from outside."""
import math
from html import escape

COLOURS = ["#4269d0", "#e8710a", "#2a9d5c", "#c0392b", "#8e5bb5", "#7a7a52", "#d5518f", "#3aa5b4"]
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600; font-size: 14px } .axis { stroke: #999 } .grid { stroke: #9994 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
</style>"""


def ticks(low, high, count=6):
    """Round numbers between two bounds."""
    raw = (high - low) / count or 1
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def line_chart(title, x_name, y_name, series, y_range=None, width=800, height=360):
    """`series`: name -> list of curves, each a list of (x, y); the curves of a name (its seeds) share a colour and a line in the legend.

    What lies outside `y_range` is cut off at its edge.
    """
    left, right, top, bottom = 64, 220, 36, 44
    points = [point for curves in series.values() for curve in curves for point in curve if math.isfinite(point[1])]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low, y_high = y_range or (min(y for _, y in points), max(y for _, y in points))

    def place(x, y):
        y = min(max(y, y_low), y_high)
        return (left + (x - x_low) / (x_high - x_low or 1) * (width - left - right),
                height - bottom - (y - y_low) / (y_high - y_low or 1) * (height - top - bottom))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">', STYLE,
           f'<text class="title" x="{left}" y="20">{escape(title)}</text>']
    for value in ticks(y_low, y_high):
        _, y = place(x_low, value)
        out.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                   f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in ticks(x_low, x_high):
        x, _ = place(value, y_low)
        label = f"{value / 1e6:g}M" if x_high >= 2e6 else f"{value / 1e3:g}K" if x_high >= 5e3 else f"{value:g}"
        out.append(f'<text x="{x:.1f}" y="{height - bottom + 18}" text-anchor="middle">{label}</text>')
    out.append(f'<line class="axis" x1="{left}" x2="{width - right}" y1="{height - bottom}" y2="{height - bottom}"/>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">{escape(x_name)}</text>')
    out.append(f'<text transform="translate(16 {(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>')
    for index, (name, curves) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        for curve in curves:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(x, y) for x, y in curve if math.isfinite(y)))
            out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.2" stroke-opacity="0.85" points="{path}"/>')
        y = top + 10 + 20 * index
        out.append(f'<line x1="{width - right + 14}" x2="{width - right + 36}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
                   f'<text x="{width - right + 42}" y="{y + 4}">{escape(name)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def thinned(curve, most=400):
    """Every so-many-th point with the largest of those left out, so that spikes stay."""
    stride = max(1, len(curve) // most)
    return [max(curve[start:start + stride], key=lambda point: point[1]) for start in range(0, len(curve), stride)]
