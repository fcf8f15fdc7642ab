"""The page's style sheet: one column on a phone, light or dark as the reader's system is, on paper.

Names no file, no font and no picture that is not in the page or in the reader's system.
"""

from __future__ import annotations

from typing import Final

from motorpool.costs.command.page.palette import DARK, LIGHT, declarations

STYLE: Final = (
    f":root{{color-scheme:light dark;{declarations(LIGHT)}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{declarations(DARK)}}}}}\n"
    """\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
overflow-wrap:break-word}
main{max-width:74rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1{font-size:1.15rem;line-height:1.3;margin:0;font-weight:600;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.3;margin:2.75rem 0 .25rem;break-after:avoid}
p{margin:.5rem 0;max-width:44rem;text-wrap:pretty}
.prices,.note,figcaption,footer{color:var(--muted);font-size:.9rem}
.prices{margin-top:.15rem}
.answer{font-size:1.2rem;line-height:1.45;margin-top:1.5rem}
.answer strong{display:block;font-size:clamp(2.5rem,9vw,3.75rem);line-height:1.15;font-weight:700;
letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.plots{display:grid;grid-template-columns:minmax(0,1fr);margin-top:2.5rem}
figure{margin:0;min-width:0;border-top:1px solid var(--rule);padding:1rem 0 2.25rem}
figure h2{font-size:1.12rem;line-height:1.35;margin:0;max-width:40rem;text-wrap:balance}
figcaption{margin-top:.5rem;max-width:44rem;text-wrap:pretty}
.drawing{display:block;height:auto;width:100%;margin:.75rem 0 0;overflow:visible;
font-family:inherit;stroke-linejoin:round}
.drawing.wide{display:none;max-width:46rem}
.drawing.narrow{max-width:26rem}
.drawing text{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.table{margin-top:1.75rem}
.scroll{overflow-x:auto;border-bottom:1px solid var(--rule);background:
linear-gradient(to left,var(--paper) 50%,transparent) right/3rem 100% no-repeat local,
linear-gradient(to left,var(--rule),transparent) right/1rem 100% no-repeat scroll}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--batched);outline-offset:2px}
table{border-collapse:collapse;font-size:.95rem;min-width:100%}
caption{text-align:left;padding:0 0 .4rem}
caption span{position:sticky;left:0;display:inline-block;max-width:calc(100vw - 2rem);
font-weight:600;font-size:1.02rem}
th,td{padding:.45rem .5rem;text-align:left;vertical-align:top;border-top:1px solid var(--rule);
min-width:5.5rem;max-width:34rem}
thead th{vertical-align:bottom;color:var(--muted);font-weight:600;font-size:.9em;line-height:1.3}
tbody th{font-weight:400}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper);padding-left:0;
min-width:min(9rem,36vw);z-index:1}
.number{text-align:right;font-variant-numeric:tabular-nums}
td.number{white-space:nowrap}
td.long{min-width:16rem}
.asked>*{background:var(--tint);font-weight:600}
.asked>*:first-child{background:var(--tint);padding-left:.5rem;
box-shadow:inset 3px 0 var(--batched)}
.asked>*:first-child::after{content:" (asked)";font-weight:400;color:var(--muted)}
details{border-top:1px solid var(--rule);margin-top:1.75rem}
details+details{margin-top:0}
details:last-of-type{border-bottom:1px solid var(--rule)}
summary{cursor:pointer;padding:.75rem 0;font-weight:600}
details .table{margin:0 0 1.25rem}
details caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
ul{padding-left:1.2rem;margin:.5rem 0;max-width:44rem}
li{margin:.3rem 0}
footer{margin-top:2.5rem}
@media (min-width:600px){
main{padding:2rem 2rem 4rem}
th,td{padding:.45rem .75rem}
.drawing.wide{display:block}
.drawing.narrow{display:none}
}
@media (min-width:1180px){
.plots{grid-template-columns:repeat(2,minmax(0,1fr));column-gap:3rem}
figure{display:grid;grid-template-columns:minmax(0,1fr);grid-template-rows:subgrid;grid-row:span 3}
}
@media print{
@page{margin:14mm}
body{font-size:10pt}
main{max-width:none;padding:0}
.plots{display:block}
figure,.table,tr{break-inside:avoid}
figure{margin-top:1.5rem}
.drawing.wide{display:block;max-width:15cm}
.drawing.narrow{display:none}
.scroll{overflow:visible}
table{font-size:8.5pt}
th,td,td.long{min-width:0;padding:.25rem .4rem}
th:first-child,td:first-child{position:static}
details::details-content{content-visibility:visible;display:block}
}
"""
)
