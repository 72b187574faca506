"""Plots as SVG, with nothing but strings; readable on a light and on a dark page."""

import math
from html import escape

COLOURS = {
    "tempeh": "#d1495b", "tempeh_executor": "#e08791", "tempeh_blocking": "#eec0c5", "raw_epoll": "#8a919c",
    "asio_coro_batched": "#2f7fc1", "asio_callback": "#69aede", "asio_coro": "#a9d0e8", "zmq": "#2a9d6f",
    "nng": "#8ac926", "grpc": "#e9a820", "capnp": "#9b6fc4",
    "tempeh_groups": "#d1495b", "tempeh_threads": "#e08791", "tempeh_loopback_uds": "#eec0c5",
    "tempeh_loopback_tcp": "#f5dcdf", "tempeh_mem": "#b23a48", "tempeh_mem_engines": "#8c2f39",
    "mailbox": "#8a919c", "zmq_inproc": "#2a9d6f", "nng_inproc": "#8ac926",
    "caf": "#c9692b",
}
OTHER = "#888888"
WIDTH, PLOT_HEIGHT, LEFT, RIGHT, TOP = 860, 300, 72, 16, 46
# The page behind shows through. Text has a tone that both kinds of page bear, and the better one where the viewer tells.
STYLE = ("<style>text{fill:#6a737d}.grid{stroke:#8c959f;stroke-opacity:.35}"
         "@media(prefers-color-scheme:dark){text{fill:#9198a1}}</style>")


def short(value):
    for bound, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= bound:
            return f"{value / bound:.3g}{suffix}"
    return f"{value:.3g}"


def document(title, height, parts):
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
            f"<title>{escape(title)}</title>", STYLE]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def text(x, y, content, *attributes):
    return f'<text x="{x:g}" y="{y:g}" {" ".join(attributes)}>{escape(content)}</text>'


def rectangle(x, y, width, height, name, hint):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5" '
            f'fill="{COLOURS.get(name, OTHER)}"><title>{escape(hint)}</title></rect>')


class Scale:
    """Heights from zero where the figures are near each other, logarithmic where they are not."""

    def __init__(self, values):
        self.logarithmic = max(values) / min(values) > 30
        if self.logarithmic:
            self.low = 10 ** math.floor(math.log10(min(values)) - 0.1)
            span = math.log10(max(values) * 1.15 / self.low)
            self.steps = [10.0 ** power for power in range(round(math.log10(self.low)), math.floor(math.log10(max(values))) + 1)]
            self.height = lambda value: max(0.0, math.log10(value / self.low)) / span * PLOT_HEIGHT
            return
        top = max(values) * 1.05
        rough = 10 ** math.floor(math.log10(top / 4))
        step = next(factor * rough for factor in (1, 2, 5, 10) if top / (factor * rough) <= 8)
        self.steps = [step * i for i in range(int(top / step) + 1)]
        self.height = lambda value: value / top * PLOT_HEIGHT


def grouped_bars(title, unit, categories, series):
    """series: name -> one value or None per category."""
    scale = Scale([value for values in series.values() for value in values if value])
    bottom = TOP + PLOT_HEIGHT
    columns = 4
    total = bottom + 34 + 18 * math.ceil(len(series) / columns)
    parts = [text(LEFT, 18, title, 'font-size="14" font-weight="bold"'),
             text(LEFT, 34, unit + (", logarithmic" if scale.logarithmic else ""))]
    for value in scale.steps:
        y = bottom - scale.height(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(text(LEFT - 6, round(y + 4, 1), short(value), 'text-anchor="end"'))
    parts += bars(categories, series, scale.height, bottom)
    for index, name in enumerate(series):
        x = LEFT + (index % columns) * 190
        y = bottom + 36 + 18 * (index // columns)
        parts += [rectangle(x, y - 9, 11, 11, name, name), text(x + 16, y, name)]
    return document(title, total, parts)


def bars(categories, series, height, bottom):
    parts = []
    slot = (WIDTH - LEFT - RIGHT) / len(categories)
    width = min(34.0, slot * 0.86 / len(series))
    for index, category in enumerate(categories):
        middle = LEFT + slot * (index + 0.5)
        parts.append(text(round(middle, 1), bottom + 15, category, 'text-anchor="middle"'))
        for place, (name, values) in enumerate(series.items()):
            if not values[index]:
                continue
            tall = max(1.0, height(values[index]))
            parts.append(rectangle(middle + (place - len(series) / 2) * width, bottom - tall, width * 0.92, tall, name,
                                   f"{name}, {category}: {short(values[index])}"))
    return parts


PANEL_COLUMNS, PANEL_GAP, BAR, NAME_WIDTH, VALUE_WIDTH = 3, 18, 17, 112, 62


def panels(title, note, contents):
    """contents: (title, name -> (share of the full width from 0 to 1, what is written beside it)); linear bars."""
    wide = (WIDTH - PANEL_GAP * (PANEL_COLUMNS - 1)) / PANEL_COLUMNS
    tall = 30 + BAR * max(len(rows) for _, rows in contents) + PANEL_GAP
    parts = [text(0, 18, title, 'font-size="15" font-weight="bold"'), text(0, 36, note)]
    for index, (heading, rows) in enumerate(contents):
        left = (index % PANEL_COLUMNS) * (wide + PANEL_GAP)
        top = 52 + (index // PANEL_COLUMNS) * tall
        parts.append(text(left, top + 14, heading, 'font-size="12" font-weight="bold"'))
        for row, (name, (share, label)) in enumerate(rows.items()):
            y = top + 24 + row * BAR
            bold = ['font-weight="bold"'] if name.startswith("tempeh") else []
            parts.append(text(left + NAME_WIDTH - 6, y + 10, name, 'text-anchor="end"', *bold))
            length = max(1.5, share * (wide - NAME_WIDTH - VALUE_WIDTH))
            parts.append(rectangle(left + NAME_WIDTH, y, length, BAR - 4, name, f"{name}: {label}"))
            parts.append(text(round(left + NAME_WIDTH + length + 4, 1), y + 10, label, *bold))
    return document(title, 52 + tall * math.ceil(len(contents) / PANEL_COLUMNS), parts)
