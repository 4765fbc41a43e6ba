"""When in the week: a heat map of hour by weekday, in the time zone that the figure names."""

from __future__ import annotations

from markupsafe import Markup

from gatehouse.audit.document import Figure
from gatehouse.audit.report.charts.frame import Canvas, drawing, whole
from gatehouse.audit.report.numbers import count, searches
from gatehouse.audit.report.scales import classes_by_step
from gatehouse.audit.report.svg import Drawing, rect, text

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def draw(figure: Figure) -> Drawing:
    """Draw `weekday, hour, searches` rows; an hour without a row has no searches."""
    counts = {(whole(row[0]), whole(row[1])): whole(row[2]) for row in figure.table.rows}
    classes = classes_by_step(list(counts.values()))

    def paint(canvas: Canvas) -> tuple[float, list[Markup]]:
        # Hours run down on a narrow page: 24 columns would be too thin to see.
        left, top = (96.0, 24.0) if canvas.wide else (46.0, 22.0)
        width = (canvas.width - left) / (24 if canvas.wide else 7)
        height = 28.0 if canvas.wide else 17.0
        children = _labels(canvas, left, top, width, height)
        for day in range(7):
            for hour in range(24):
                value = counts.get((day, hour), 0)
                column, row = (hour, day) if canvas.wide else (day, hour)
                children.append(
                    rect(
                        left + column * width + 1,
                        top + row * height + 1,
                        width - 2,
                        height - 2,
                        class_=f"s{classes(value)}",
                        title=f"{DAYS[day]} {hour:02}:00 to {hour:02}:59: {searches(value)}",
                    )
                )
        return top + height * (7 if canvas.wide else 24) + 2, children

    (day, hour), most = max(counts.items(), key=lambda item: (item[1], item[0]), default=((0, 0), 0))
    legend = [("s0", "0"), *((f"s{n}", label) for n, label in enumerate(classes.labels(), start=1))]
    return drawing(
        figure,
        paint,
        headline=f"Searches are most frequent on {DAYS[day]}s, {hour:02}:00 to {hour:02}:59: {count(most)}",
        description=(
            f"A grid of 7 weekdays by 24 hours, {figure.unit}. Most: {DAYS[day]} {hour:02}:00, {most}."
        ),
        legend=legend,
        notes=[f"Time zone: {figure.unit}. Classes: {classes.words}."],
    )


def _labels(canvas: Canvas, left: float, top: float, width: float, height: float) -> list[Markup]:
    if canvas.wide:
        hours = [
            text(left + width * (hour + 0.5), top - 8, f"{hour:02}", class_="tick", anchor="middle")
            for hour in range(24)
        ]
        days = [
            text(left - 8, top + height * (index + 0.5) + 5, name, class_="tick", anchor="end")
            for index, name in enumerate(DAYS)
        ]
        return [*hours, *days]
    days = [
        text(left + width * (index + 0.5), top - 7, name[:3], class_="tick", anchor="middle")
        for index, name in enumerate(DAYS)
    ]
    hours = [
        text(left - 6, top + height * (hour + 0.5) + 4.5, f"{hour:02}:00", class_="tick", anchor="end")
        for hour in range(0, 24, 3)
    ]
    return [*days, *hours]
