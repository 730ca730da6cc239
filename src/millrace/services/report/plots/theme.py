"""The one stylesheet of every page and plot, for light and dark screens and paper."""

import base64
import hashlib

# Okabe-Ito order, darkened or lightened to 3:1 on its ground: told apart by colour-blind readers.
LIGHT = ("#0b62b8", "#c2570c", "#0a7d5b", "#8e3f9e", "#b3261e", "#57690a", "#0e7490", "#6b4f3a")
DARK = ("#6cb2ff", "#f5a45d", "#4fd1a5", "#d79be6", "#ff8a80", "#c3d34f", "#5bd0e6", "#cdb195")

_NAMES = ("ink", "soft", "rule", "grid", "paper", "panel")
_LIGHT = ("#1b2230", "#586274", "#cfd5df", "#e9ecf2", "#ffffff", "#f5f7fa")
_DARK = ("#e8ebf1", "#a3adbd", "#3a4352", "#29303c", "#14181f", "#1c222c")
INK, SOFT, RULE, GRID, PAPER, PANEL = _LIGHT


def _variables(grounds: tuple[str, ...], colours: tuple[str, ...]) -> str:
    named = [f"--{name}:{value}" for name, value in zip(_NAMES, grounds, strict=True)]
    return ";".join([*named, *(f"--c{index}:{value}" for index, value in enumerate(colours))])


_SERIES = "".join(
    f".f{index}{{fill:var(--c{index})}}.s{index}{{stroke:var(--c{index})}}"
    for index in range(len(LIGHT))
)

PLOT_STYLE = (
    f":root{{color-scheme:light dark;{_variables(_LIGHT, LIGHT)}}}"
    f"@media (prefers-color-scheme:dark){{:root{{{_variables(_DARK, DARK)}}}}}"
    f"@media print{{:root{{{_variables(_LIGHT, LIGHT)}}}}}"
    "svg text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "fill:var(--ink)}"
    "svg text.soft{fill:var(--soft)}svg text.over{fill:var(--paper)}"
    ".rule{stroke:var(--rule)}.grid{stroke:var(--grid)}.ground{fill:var(--panel)}"
    ".edge{stroke:var(--paper)}.inkline{stroke:var(--ink)}.inkfill{fill:var(--ink)}"
    ".softline{stroke:var(--soft)}.box{fill:var(--panel);stroke:var(--rule)}" + _SERIES
)

_PAGE = (
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--paper);color:var(--ink);line-height:1.55;font-size:16px;"
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}"
    "main{max-width:62rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}"
    "header{border-bottom:1px solid var(--rule);padding-bottom:1.25rem;margin-bottom:1.75rem}"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem;overflow-wrap:anywhere}"
    "h2{font-size:1.3rem;margin:2.4rem 0 .8rem}h3{font-size:1.05rem;margin:1.6rem 0 .6rem}"
    "p{margin:.6rem 0;max-width:46rem;overflow-wrap:anywhere}.lead{color:var(--soft);margin:0}"
    "nav ol{margin:1rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;"
    "list-style:none;font-size:.92rem}a{color:var(--c0)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;"
    "margin:1rem 0;padding:0}"
    ".tile{background:var(--panel);border:1px solid var(--rule);border-radius:.6rem;"
    "padding:.8rem 1rem}.tile dt{color:var(--soft);font-size:.85rem}"
    ".tile dd{margin:.1rem 0 0;font-size:1.35rem;font-weight:650;overflow-wrap:anywhere}"
    ".tile dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}"
    ".wide{overflow-x:auto;margin:.8rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}"
    "caption{text-align:left;color:var(--soft);padding-bottom:.4rem;font-size:.88rem}"
    "th,td{padding:.42rem .7rem;border-bottom:1px solid var(--rule);text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "th{font-weight:600;background:var(--panel);white-space:nowrap}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "figure{margin:1rem 0;padding:.8rem;border:1px solid var(--rule);border-radius:.6rem}"
    "figure svg{display:block;max-width:100%;height:auto;margin:0 auto}"
    "figcaption{color:var(--soft);font-size:.88rem;margin-top:.5rem}"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(21rem,1fr));gap:1rem}"
    ".pair figure{margin:0}"
    "code,pre{font-family:ui-monospace,'SFMono-Regular',Menlo,Consolas,monospace;font-size:.9em}"
    "pre{background:var(--panel);border:1px solid var(--rule);border-radius:.6rem;"
    "padding:.8rem 1rem;overflow-x:auto}"
    ".note{border-left:4px solid var(--c0);background:var(--panel);padding:.6rem 1rem;"
    "border-radius:0 .4rem .4rem 0;margin:.8rem 0;max-width:46rem}"
    ".warning{border-left-color:var(--c1)}"
    "footer{margin-top:3rem;border-top:1px solid var(--rule);padding-top:1rem;"
    "color:var(--soft);font-size:.85rem}"
    "@media print{main{max-width:none;padding:0}figure,.tile,tr{break-inside:avoid}}"
)

PAGE_STYLE = PLOT_STYLE + _PAGE


def style_source() -> str:
    """Return the CSP source that allows exactly the page's stylesheet, for a server's header."""
    found = hashlib.sha256(PAGE_STYLE.encode()).digest()
    return f"'sha256-{base64.b64encode(found).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {style_source()}; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
