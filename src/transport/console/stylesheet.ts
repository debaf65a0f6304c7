/** The stylesheet of the console. It is served as a file of its own, because the content security policy forbids inline styles. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --page: #f6f7f9;
  --surface: #ffffff;
  --text: #1c2430;
  --muted: #525d6b;
  --line: #d5dae1;
  --link: #0b5cad;
  --accent: #0b5cad;
  --on-accent: #ffffff;
  --good: #17663a;
  --good-back: #e3f3e8;
  --warning: #7a4a00;
  --warning-back: #fdf0d5;
  --bad: #a11b1b;
  --bad-back: #fce6e6;
  --plain-back: #e9ecf1;
  --allow: #17663a;
  --deny: #b45b00;
  --error: #a11b1b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c;
    --surface: #1b2129;
    --text: #e6eaf0;
    --muted: #a7b1be;
    --line: #36404d;
    --link: #82b7f2;
    --accent: #82b7f2;
    --on-accent: #0d1420;
    --good: #8fd6a8;
    --good-back: #173423;
    --warning: #f0c27a;
    --warning-back: #3a2b0e;
    --bad: #f5a3a3;
    --bad-back: #421a1a;
    --plain-back: #2a323d;
    --allow: #8fd6a8;
    --deny: #f0a95a;
    --error: #f58a8a;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body { margin: 0; background: var(--page); color: var(--text); }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 2px;
}
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; padding: 0.5rem 1rem; background: var(--surface); z-index: 1; }
.skip:focus { left: 0.5rem; top: 0.5rem; }
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25rem 1.5rem;
  padding: 0.5rem 1.5rem;
  background: var(--surface);
  border-bottom: 1px solid var(--line);
}
header p { margin: 0; }
header form { margin: 0; }
.product { font-weight: 650; letter-spacing: 0.01em; }
nav { flex: 1 1 auto; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.125rem; margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: 0.375rem 0.75rem; border-radius: 0.375rem; color: var(--text); text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { background: var(--plain-back); font-weight: 600; }
.updates { color: var(--muted); font-size: 0.875rem; }
main { max-width: 76rem; margin: 0 auto; padding: 1.25rem 1.5rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h3 { font-size: 1rem; margin: 0.75rem 0 0.25rem; }
h2:focus { outline: none; }
section ul { margin: 0; padding-left: 1.25rem; }
h2 { font-size: 1.125rem; line-height: 1.3; margin: 0 0 0.75rem; overflow-wrap: anywhere; }
section, .question, .filter {
  margin: 0 0 1.25rem;
  padding: 1rem 1.25rem;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 0.5rem;
}
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.facts { margin: 0; }
.facts + * { margin-top: 1rem; }
.facts > div { display: grid; grid-template-columns: minmax(10rem, 17rem) 1fr; gap: 0.25rem 1rem; padding: 0.25rem 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 0 0.5rem; border-radius: 0.75rem; font-size: 0.875rem; }
.good { color: var(--good); background: var(--good-back); }
.warning { color: var(--warning); background: var(--warning-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.plain { color: var(--text); background: var(--plain-back); }
.notice { margin: 0 0 1.25rem; padding: 0.75rem 1.25rem; border-radius: 0.5rem; border-left: 0.25rem solid currentcolor; overflow-wrap: anywhere; }
.notice p { margin: 0.25rem 0; }
.scroll { overflow-x: auto; margin: 0.75rem 0 0; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0 0 0.25rem; }
th, td { padding: 0.375rem 0.75rem 0.375rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; }
th.number, td.number { text-align: right; padding-right: 1.5rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
td code, th code { overflow-wrap: normal; }
td code.request { display: inline-block; max-width: 28rem; overflow-wrap: anywhere; }
.empty { color: var(--muted); margin: 0.5rem 0 0; }
figure { margin: 0.5rem 0 1rem; max-width: 60rem; }
figure > svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 0.875rem; color: var(--muted); }
.key { display: inline-flex; align-items: center; gap: 0.375rem; margin-right: 1rem; }
.key svg { width: 1.75rem; height: 0.5rem; }
.line { fill: none; stroke-width: 2; }
.allow { stroke: var(--allow); }
.deny { stroke: var(--deny); stroke-dasharray: 6 3; }
.error { stroke: var(--error); stroke-dasharray: 2 3; }
.axis { stroke: var(--muted); }
.grid { stroke: var(--line); }
.label { fill: var(--muted); font-size: 11px; }
.end { text-anchor: end; }
.filter { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: end; }
.filter p { margin: 0; flex: 0 1 auto; }
.question > p { margin: 0 0 0.75rem; }
label { display: block; font-weight: 600; margin: 0 0 0.25rem; }
input, select, textarea, button {
  font: inherit;
  color: inherit;
  max-width: 100%;
  min-height: 2.5rem;
  padding: 0.375rem 0.625rem;
  border: 1px solid var(--muted);
  border-radius: 0.375rem;
  background: var(--page);
}
.question input, .question textarea { width: 100%; }
.question #method { width: 10rem; }
textarea { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.9em; }
button { cursor: pointer; background: var(--surface); border-color: var(--accent); color: var(--link); overflow-wrap: anywhere; }
main button { background: var(--accent); color: var(--on-accent); }
@media (max-width: 40rem) {
  header { padding: 0.5rem 1rem; }
  main { padding: 1rem 0.75rem 2rem; }
  section, .question, .filter { padding: 0.75rem; }
  .facts > div { grid-template-columns: 1fr; gap: 0; }
  .filter p, .filter input, .filter select { width: 100%; }
}
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; animation: none !important; scroll-behavior: auto !important; }
}
@media print {
  body, section, header { background: none; color: #000; }
  nav, .skip, .updates, form { display: none; }
  section { border: none; padding: 0; break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
