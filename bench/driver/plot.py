"""Line plots as SVG, with nothing but the standard library."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 150, 36, 46
COLOURS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f", "#c77d00", "#4d4d4d", "#008b8b", "#a0522d"]


def ticks(low, high, count=5):
    """Round numbers that cover low to high."""
    if high <= low:
        high = low + 1
    raw = (high - low) / count
    step = 10 ** math.floor(math.log10(raw))
    step *= next(m for m in (1, 2, 5, 10) if m * step >= raw)
    first = math.floor(low / step) * step
    return [first + i * step for i in range(int(math.ceil((high - first) / step - 1e-9)) + 1)]


def label(value):
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return "%g%s" % (round(value / size, 2), unit)
    return "%g" % round(value, 3)


def svg(plot):
    """`plot` as figures.Bench.plot keeps it."""
    points = [p for line in plot["lines"].values() for p in line if p[1] is not None]
    if not points:
        points = [[0, 0]]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    log_x = plot.get("log_x") and min(xs) > 0
    if log_x:
        x_ticks = sorted(set(xs))
        if len(x_ticks) > 10:
            x_ticks = [10.0 ** e for e in range(math.floor(math.log10(min(xs))),
                                                math.ceil(math.log10(max(xs))) + 1)]
        x_low, x_high = math.log10(min(x_ticks)), math.log10(max(x_ticks))
    else:
        x_ticks = ticks(min(xs), max(xs))
        x_low, x_high = x_ticks[0], x_ticks[-1]
    y_ticks = ticks(0, max(ys))
    y_high = y_ticks[-1] or 1

    def at_x(x):
        x = math.log10(x) if log_x else x
        span = (x_high - x_low) or 1
        return LEFT + (x - x_low) / span * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - y / y_high * (HEIGHT - TOP - BOTTOM)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
           'font-family="sans-serif" font-size="11">' % (WIDTH, HEIGHT, WIDTH, HEIGHT),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="%d" y="20" font-size="14">%s</text>' % (LEFT, escape(plot["title"]))]
    for y in y_ticks:
        out.append('<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>' % (
            LEFT, WIDTH - RIGHT, at_y(y), at_y(y)))
        out.append('<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (
            LEFT - 6, at_y(y) + 4, label(y)))
    for x in x_ticks:
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (
            at_x(x), HEIGHT - BOTTOM + 16, label(x)))
    out.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, escape(plot["x"])))
    out.append('<text transform="translate(16 %.1f) rotate(-90)" text-anchor="middle">%s</text>' % (
        (TOP + HEIGHT - BOTTOM) / 2, escape(plot["y"])))
    for i, (name, line) in enumerate(plot["lines"].items()):
        colour = COLOURS[i % len(COLOURS)]
        line = [p for p in line if p[1] is not None]
        out.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (
            colour, " ".join("%.1f,%.1f" % (at_x(x), at_y(y)) for x, y in line)))
        if len(line) <= 40:
            out += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (at_x(x), at_y(y), colour)
                    for x, y in line]
        y = TOP + 16 * i + 8
        out.append('<rect x="%d" y="%d" width="10" height="10" fill="%s"/>' % (
            WIDTH - RIGHT + 12, y - 9, colour))
        out.append('<text x="%d" y="%d">%s</text>' % (WIDTH - RIGHT + 27, y, escape(name)))
    return "\n".join([*out, "</svg>"]) + "\n"
