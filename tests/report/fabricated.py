"""Five made-up families that use every chart, number cell and macro, so that the page is tested apart from
any of them."""

import math
from datetime import date, timedelta

from markupsafe import Markup

from include.tidemark.currency import currency_named
from include.tidemark.families.left_out import LeftOut
from include.tidemark.report import charts
from include.tidemark.report.charts import (
    Bar,
    Estimate,
    HeatCell,
    Mark,
    Panel,
    Point,
    Stage,
    categorical,
    sequential,
)
from include.tidemark.report.numbers import number, p_value, trust
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import environment
from include.tidemark.report.words import money_in, percent, ratio

DOLLAR = currency_named("USD")
TIERS = (1, 5, 10, 15, 25)
FEES = {f"{tier} bps": colour for tier, colour in sequential(TIERS).items()}
SIZES = categorical(["micro", "small", "medium", "large", "whale"])
LEFT_OUT = (
    LeftOut("planners", "the table events is neither mapped in sources.yml nor landed."),
    LeftOut("fee_tiers", "TIDEMARK_FAMILIES does not name it."),
)
FILES = ("data/retention_by_fee.csv", "data/ltv_by_fee.csv")


def parts():
    """All five, in the order of the design."""
    return [segments(), engagement(), planners(), early_engagement(), fee_tiers()]


def row(estimate, low=None, high=None, **other):
    """A row of `runs.statistics`, as far as cells look at it."""
    known = {"reason": None, "trust": None, "p_value": None, "p_adjusted": None, "family_size": None}
    return {"estimate": estimate, "ci_low": low, "ci_high": high, **known, **other}


def table(heading, rows):
    """A small table through the shared macros."""
    template = (
        '{% from "macros.html.j2" import cell, named, scroll, trust_badge %}<h3>{{ heading }}</h3>'
        '{% call scroll(heading) %}<table><thead><tr><th scope="col">Name</th><th scope="col" class="num">Estimate</th>'
        '<th scope="col" class="num">p, adjusted</th><th scope="col">Trust</th></tr></thead><tbody>'
        '{% for line in rows %}<tr><th scope="row">{{ named(line.name, line.colour) }}</th>{{ cell(line.shown) }}'
        "{{ cell(line.p) }}<td>{{ trust_badge(line.trust) }}</td></tr>{% endfor %}</tbody></table>{% endcall %}"
    )
    return Markup(environment().from_string(template).render(heading=heading, rows=rows))


def figure(drawing, title, caption):
    """A drawing through the shared macro."""
    template = '{% from "macros.html.j2" import figure %}{{ figure(drawing, title, caption) }}'
    return Markup(environment().from_string(template).render(drawing=drawing, title=title, caption=caption))


def only_shown(drawing, *, hidden=False, **facets):
    """A drawing that a choice of the reader's shows."""
    return Markup("<div{}{}>{}</div>").format(
        charts.only(**facets), Markup(" hidden") if hidden else "", drawing
    )


def worth(weeks, rate):
    """The value of each tier after some weeks at a rate: the longest and the higher stand on the page."""
    points = [
        Estimate(
            f"{t} bps",
            weeks + t / 3,
            weeks + t / 3 - 2,
            weeks + t / 3 + 3,
            weak=t == 15,
            facets={"tier": f"{t} bps"},
        )
        for t in TIERS
    ]
    chosen = (weeks, rate) == (12, "5%")
    drawing = charts.dot_intervals(
        points,
        colours=list(FEES.values()),
        form=DOLLAR,
        description=f"Value after {weeks} weeks.",
        still=chosen,
    )
    return only_shown(drawing, hidden=not chosen, horizon=f"{weeks} weeks", rate=rate)


RETENTION_CSV = "acquisition_fee_bps,k,retention_rate\n" + "".join(
    f"{t},{k},{0.5 - 0.01 * k}\n" for t in TIERS for k in (1, 2)
)
LTV_CSV = "acquisition_fee_bps,horizon_weeks,discount_rate,note\n" + "".join(
    f'{t},{h},{r},"a, ""quoted""\ncell"\n' for t in TIERS for h in (4, 12) for r in ("0", "0.05")
)


def write_files(folder):
    """The published files that the page's sections name."""
    for path, content in zip(FILES, (RETENTION_CSV, LTV_CSV), strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8", newline="")


def segments():
    months = [
        Estimate(f"{name} 2026", 0.2 + i / 50, 0.18 + i / 50, 0.22 + i / 50)
        for i, name in enumerate(("Sep", "Oct", "Nov"))
    ]
    panels = [
        Panel(name, charts.share_over_time(months, colour, (0.1, 0.3), f"Share of {name}."), "24.0%", colour)
        for name, colour in categorical(["Stable", "Declining", "Growing"]).items()
    ]
    return ReportPart(
        "Customer segments",
        (
            KeyFigure("Customers", "402,118", "+2.1% since 1 October 2026"),
            KeyFigure("Active", "81.9%", "329,334 customers bought"),
        ),
        (Section("months", "Share over the months", charts.small_multiples(panels)),),
        topics=("trust", "charts"),
    )


def engagement():
    weeks = {
        name: [
            Point(day, 0.6 * day**-0.4, 0.57 * day**-0.4, 0.63 * day**-0.4) for day in (1, 3, 7, 14, 30, 60)
        ]
        for name in ("power", "casual")
    }
    stages = [
        Stage("Signed up", 12345, 1.0),
        Stage("First session", 10345, 0.838, 0.83, 0.846, 0.838),
        Stage("Level 5", 4345, 0.352, 0.34, 0.365, 0.42),
        Stage("First purchase", 345, 0.028, 0.025, 0.031, 0.079),
    ]
    lines = [
        {
            "name": "whale",
            "colour": "#0072B2",
            "shown": number(row(1234.5, 1100.0, 1400.0), money_in(DOLLAR)),
            "p": p_value(row(1.0, p_value=0.01, p_adjusted=0.03, family_size=12)),
            "trust": trust(row(1, trust="caution")),
        },
        {
            "name": "minnow",
            "colour": None,
            "shown": number(row(None, reason="too_few_users"), money_in(DOLLAR)),
            "p": p_value(None),
            "trust": trust(None),
        },
    ]
    return ReportPart(
        "Engagement",
        (
            KeyFigure("Users", "1,204,332", "+0.4% since 1 October 2026"),
            KeyFigure("Retained after 7 days", "27.4%", "26.9 to 27.9%"),
        ),
        (
            Section("revenue", "Revenue segments", table("Mean revenue", lines)),
            Section(
                "retention",
                "Retention of install cohorts",
                charts.curves(
                    weeks,
                    categorical(weeks),
                    x_title="days since the install",
                    y_format="percent",
                    description="Retention by segment.",
                ),
            ),
            Section(
                "funnel", "Funnel", charts.funnel_bars(stages, "Funnel from sign-up to the first purchase.")
            ),
        ),
        intro="Who is engaged, who pays, and how far users come.",
    )


def planners():
    monday = date(2025, 5, 5)
    weekly = [
        Point(
            monday + timedelta(weeks=i),
            *(
                (None,) * 3
                if i == 30
                else (0.2 + math.sin(i / 5) / 20, 0.17 + math.sin(i / 5) / 20, 0.23 + math.sin(i / 5) / 20)
            ),
        )
        for i in range(78)
    ]
    return ReportPart(
        "Planners",
        (KeyFigure("Planners", "18.2%", "17.9 to 18.5%, of users who are no test users"),),
        (
            Section(
                "weeks",
                "Share of planners by week",
                charts.curves(
                    {"planners": weekly},
                    categorical(["planners"]),
                    x_title="",
                    y_format="percent",
                    description="Share of planners by week.",
                ),
            ),
            Section(
                "ratios",
                "Planners against passengers",
                charts.ratios(
                    [Estimate("sessions", 2.3, 1.8, 2.9), Estimate("swipes", 4.1, 3.2, None)],
                    ["#0072B2"],
                    description="Planners against passengers.",
                ),
            ),
        ),
        intro="Who plans, since when, and whether they still do.",
    )


def early_engagement():
    odds = [Estimate("has_content_published", 2.3, 1.8, 2.9), Estimate("cnt_days_swipe", 1.1, 1.02, 1.2), Estimate("platform_ios", 0.7, 0.5, 0.9), Estimate("has_invited", 40.0, 3.0, None), Estimate("has_paid", None, None, None)]  # fmt: skip
    lines = [
        {
            "name": p.label,
            "colour": None,
            "shown": number(row(p.value, p.low, p.high, reason=None if p.value else "separation"), ratio),
            "p": p_value(row(1.0, p_value=1e-6, p_adjusted=1e-5, family_size=40)),
            "trust": trust(),
        }
        for p in odds
    ]
    return ReportPart(
        "Early engagement",
        (
            KeyFigure("Retained after 4 weeks", "31.0%", "30.6 to 31.4%"),
            KeyFigure("Discrimination (AUC)", "0.71", "0.70 to 0.72"),
        ),
        (
            Section(
                "drivers",
                "What goes with staying",
                charts.ratios(odds, ["#0072B2"], description="Odds ratios.") + table("Odds ratios", lines),
            ),
        ),
        intro="Which behaviour of the first week goes with still being there after four.",
    )


def fee_tiers():
    def rate(tier, week):
        return 1.0 if week == 0 else 0.62 * math.exp(-0.012 * tier) * week**-0.45

    def point(tier, week):
        if tier == 25 and week > 9:
            return Point(week, None, facets={"tier": f"{tier} bps"})
        near = 0.0 if week == 0 else 0.02 + 0.002 * week
        return Point(
            week,
            rate(tier, week),
            rate(tier, week) - near,
            min(rate(tier, week) + near, 1.0),
            f"{tier} bps",
            weak=tier == 15,
            facets={"tier": f"{tier} bps"},
        )

    retention = {f"{tier} bps": [point(tier, week) for week in range(13)] for tier in TIERS}
    value = {
        f"{tier} bps": [
            Point(
                w,
                (w + 1) ** 0.5 * (3 + tier / 20),
                (w + 1) ** 0.5 * (2.7 + tier / 20),
                (w + 1) ** 0.5 * (3.3 + tier / 20),
            )
            for w in range(13)
        ]
        for tier in TIERS
    }
    cells = [
        HeatCell(
            str(week),
            f"{tier} bps",
            None if week + i > 12 else rate(tier, week),
            "" if week + i > 12 else percent(rate(tier, week), 0),
            too_few=tier == 25,
            facets={"tier": f"{tier} bps"},
        )
        for i, tier in enumerate(TIERS)
        for week in range(1, 13)
    ]
    periods = [
        "15 Aug 2025",
        "2 Sep 2025",
        "9 Sep 2025",
        "16 Sep 2025",
        "23 Sep 2025",
        "30 Sep 2025",
        "7 Oct 2025",
        "14 Oct 2025",
    ]
    swappers = [
        Bar(x, g, v, facets={"date": f"2025-09-{i + 1:02}"})
        for i, x in enumerate(periods)
        for g, v in (("new", 1000 - 10 * i), ("returning", 300 + 30 * i))
    ]
    volume = [
        Bar(x, g, 1e5 * (n + 1) + 1e4 * i, facets={"date": f"2025-09-{i + 1:02}", "segment": g})
        for i, x in enumerate(periods)
        for n, g in enumerate(SIZES)
    ]
    fits = [
        Panel(
            name,
            charts.fitted_line(
                [Point(t, 9 - 0.02 * t + 0.1 * math.sin(7 * t + n)) for t in TIERS],
                [Point(t, 9 - 0.02 * t, 8.8 - 0.02 * t, 9.2 - 0.02 * t) for t in (1, 13, 25)],
                colour,
                x_title="fee, bps",
                y_title="log volume",
                description=f"Volume of {name} by fee.",
            ),
            "−9.5%",  # noqa: RUF001
            colour,
        )
        for n, (name, colour) in enumerate(SIZES.items())
    ]
    marks = [
        Mark("whale", 0.01, 0.0865, SIZES["whale"], {"segment": "whale"}),
        Mark("large", 0.06, 0.427, SIZES["large"], {"segment": "large"}),
        Mark("medium", 0.2, 0.866, SIZES["medium"], {"segment": "medium"}),
    ]
    return ReportPart(
        "Fee tiers",
        (
            KeyFigure("Users", "84,120", "who swapped before the as-of date"),
            KeyFigure("Back after 1 week", "42.0%", "41.1 to 42.9%"),
            KeyFigure("Back after 4 weeks", "25.3%", "24.5 to 26.1%"),
            KeyFigure("Whales' share of fees", "61.8%", "of $1.24M in all"),
        ),
        (
            Section(
                "retention",
                "Retention by fee tier",
                figure(
                    charts.curves(
                        retention,
                        FEES,
                        x_title="weeks since the first swap",
                        y_format="percent",
                        description="Retention by tier.",
                    ),
                    "Active in week k or later",
                    "By the fee of the week of the first swap.",
                )
                + figure(
                    charts.heat_map(
                        cells,
                        "Retention by tier and week.",
                        x_title="weeks since the first swap",
                        ends=("0%", "61%"),
                    ),
                    "Each tier and week",
                    "Rows are tiers.",
                ),
                FILES[:1],
            ),
            Section(
                "acquisition",
                "New and returning",
                Markup("").join(
                    only_shown(
                        charts.stacked_bars(
                            swappers,
                            categorical(["new", "returning"]),
                            normalised=shares,
                            description="New and returning by period.",
                        ),
                        view="shares" if shares else "counts",
                    )
                    for shares in (False, True)
                ),
            ),
            Section(
                "sizes",
                "Trade sizes",
                charts.stacked_bars(
                    volume, SIZES, normalised=True, form=DOLLAR, description="Volume by size."
                )
                + charts.small_multiples(fits)
                + charts.pareto(
                    [(i / 100, 1 - (1 - i / 100) ** 9) for i in range(101)], marks, "Volume over users."
                ),
            ),
            Section(
                "value",
                "Lifetime value",
                charts.curves(value, FEES, x_title="weeks", y_format=DOLLAR, description="Value by tier.")
                + Markup("").join(worth(weeks, rate) for weeks in (4, 12) for rate in ("0%", "5%"))
                + charts.dot_intervals(
                    [Estimate("micro", -0.012, -0.02, -0.004), Estimate("whale", 0.02, None, None)],
                    form="percent",
                    reference=0.0,
                    description="Effect of 5 bps more.",
                ),
                (FILES[1], "data/never_written.csv"),
            ),
        ),
        intro="What users do at different fees: whether they come back, how much they trade, and what they are worth.",
    )
