/** The page around all reports: no scripts, no files from elsewhere, prints on A4. */
import { escapeHtml } from "./html.js";
import { withOwnNames } from "./plots.js";

export interface KeyNumber {
  readonly label: string;
  readonly value: string;
  readonly unit: string;
  /** Small print below. */
  readonly note: string;
}

export interface Page {
  readonly title: string;
  /** One line below the title. */
  readonly subtitle: string;
  readonly numbers: readonly KeyNumber[];
  /** Sections in order, HTML; empty ones are left out. */
  readonly sections: readonly string[];
  readonly footer: string;
}

export function htmlPage(page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)} – Potluck</title>
<style>${css}</style>
</head>
<body>
<header>
<p class="brand">Potluck</p>
<h1>${escapeHtml(page.title)}</h1>
<p class="subtitle">${escapeHtml(page.subtitle)}</p>
<div class="numbers">${page.numbers.map(keyNumber).join("\n")}</div>
</header>
<main>
${withOwnNames(page.sections.filter((one) => one !== "").join("\n"))}
</main>
<footer>${escapeHtml(page.footer)}</footer>
</body>
</html>
`;
}

const keyNumber = ({ label, value, unit, note }: KeyNumber): string =>
  `<div><span class="label">${escapeHtml(label)}</span><span class="value">${escapeHtml(value)}<small> ${escapeHtml(unit)}</small></span>` +
  `<span class="note">${escapeHtml(note)}</span></div>`;

const css = `
:root { --ink: #26303b; --soft: #5b6672; --line: #dfe4ea; --pale: #f6f8fa; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1060px; padding: 36px 28px 48px; color: var(--ink); background: #fff;
  font: 14px/1.5 Inter, "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 27px; line-height: 1.2; margin: 2px 0 4px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 0 0 12px; padding-top: 14px; border-top: 1px solid var(--line); font-weight: 650; }
h3 { font-size: 13.5px; margin: 20px 0 8px; font-weight: 650; }
section { margin-top: 30px; }
.brand { margin: 0; font-size: 12px; letter-spacing: 0.08em; text-transform: uppercase; color: #b4531f; font-weight: 650; }
.subtitle { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
.numbers { display: flex; flex-wrap: wrap; margin: 22px 0 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.numbers > div { flex: 1 1 0; min-width: 130px; padding: 13px 16px 12px; border-left: 1px solid var(--line); margin-left: -1px;
  display: flex; flex-direction: column; }
.label { font-size: 12px; color: var(--soft); }
.value { font-size: 23px; font-weight: 620; letter-spacing: -0.01em; white-space: nowrap; }
.value small { font-size: 12.5px; font-weight: 500; letter-spacing: 0; color: var(--soft); }
.note { font-size: 12px; color: var(--soft); }
.pair { display: flex; flex-wrap: wrap; gap: 14px 24px; align-items: flex-start; }
.panels { display: flex; flex-wrap: wrap; gap: 18px 14px; margin-top: 16px; }
figure { margin: 0; }
svg { display: block; max-width: 100%; height: auto; }
.caption { font-size: 12px; color: var(--soft); margin: 6px 0 0; max-width: 70ch; }
.panels .caption { max-width: 305px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; min-width: 60%; }
th, td { text-align: right; padding: 4px 7px; white-space: nowrap; }
td { border-top: 1px solid var(--line); }
th { font-weight: 550; color: var(--soft); vertical-align: bottom; font-size: 12px; }
th i { font-style: normal; font-weight: 400; }
th.span { text-align: center; }
thead tr:first-child th.span { color: var(--ink); font-size: 13px; }
.text { text-align: left; }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 5em; }
td b { font-weight: 620; }
ul { margin: 0; padding-left: 18px; max-width: 95ch; }
li { margin: 3px 0; }
.warnings { list-style: none; padding: 0; }
.warnings li { border-left: 3px solid #d9a22b; background: #fdf8ea; padding: 6px 12px; margin: 6px 0; }
pre { background: var(--pale); border: 1px solid var(--line); border-radius: 6px; padding: 12px 16px; overflow-x: auto;
  font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; columns: 2; column-gap: 32px; margin: 0; }
.bar { display: flex; height: 14px; border-radius: 3px; overflow: hidden; margin: 4px 0 10px; background: var(--pale); }
.bar span { display: block; height: 100%; border-right: 1px solid #fff; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 12.5px; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 14px 0 0; font-size: 13px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 36px; padding-top: 12px; border-top: 1px solid var(--line); font-size: 12px; color: var(--soft); }
@media print {
  @page { size: A4; margin: 14mm; }
  body { padding: 0; max-width: none; font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  figure, tr, .numbers, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .pair > * { flex: 1 1 45%; min-width: 0; }
}
`;
