"""Grouped bars as SVG, with nothing but strings."""

import math
from html import escape

COLOURS = {
    "tempeh": "#d1495b", "tempeh_executor": "#e58a94", "tempeh_blocking": "#f2c1c7", "raw_epoll": "#30343f",
    "asio_coro_batched": "#1b6ca8", "asio_callback": "#5fa8d3", "asio_coro": "#a9d0e8", "zmq": "#2a9d6f",
    "nng": "#8ac926", "grpc": "#e9a820",
}
WIDTH, PLOT_HEIGHT, LEFT, RIGHT, TOP = 860, 300, 72, 16, 46


def short(value):
    for bound, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= bound:
            return f"{value / bound:.3g}{suffix}"
    return f"{value:.3g}"


def grouped_bars(title, unit, categories, series):
    """series: name -> one value or None per category; the height is logarithmic."""
    present = [value for values in series.values() for value in values if value]
    low = 10 ** math.floor(math.log10(min(present)) - 0.1)
    high = max(present) * 1.15
    scale = PLOT_HEIGHT / (math.log10(high) - math.log10(low))

    def height(value):
        return (math.log10(value) - math.log10(low)) * scale

    bottom = TOP + PLOT_HEIGHT
    columns = 4
    total = bottom + 34 + 18 * math.ceil(len(series) / columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" font-family="sans-serif" '
        'font-size="11" fill="#30343f">',
        f'<title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{total}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="34">{escape(unit)}, logarithmic</text>',
    ]
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        y = bottom - height(10.0 ** power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d8dbe2"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(10.0 ** power)}</text>')
    parts += bars(categories, series, height, bottom)
    for index, name in enumerate(series):
        x = LEFT + (index % columns) * 190
        y = bottom + 36 + 18 * (index // columns)
        parts.append(f'<rect x="{x}" y="{y - 9}" width="11" height="11" fill="{COLOURS.get(name, "#888888")}"/>')
        parts.append(f'<text x="{x + 16}" y="{y}">{escape(name)}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def bars(categories, series, height, bottom):
    parts = []
    slot = (WIDTH - LEFT - RIGHT) / len(categories)
    width = min(34.0, slot * 0.86 / len(series))
    for index, category in enumerate(categories):
        middle = LEFT + slot * (index + 0.5)
        parts.append(f'<text x="{middle:.1f}" y="{bottom + 15}" text-anchor="middle">{escape(category)}</text>')
        for place, (name, values) in enumerate(series.items()):
            if not values[index]:
                continue
            x = middle + (place - len(series) / 2) * width
            tall = max(1.0, height(values[index]))
            parts.append(f'<rect x="{x:.1f}" y="{bottom - tall:.1f}" width="{width * 0.92:.1f}" height="{tall:.1f}" '
                         f'fill="{COLOURS.get(name, "#888888")}"><title>{escape(name)}, {escape(category)}: '
                         f'{short(values[index])}</title></rect>')
    return parts
