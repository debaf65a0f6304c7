/** Writes results as JSON, as a page and as charts. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Chart, Findings, Group, Table } from './groups/group.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The machine, the date and the amount of a measurement. */
export interface Circumstances {
  readonly machine: string;
  readonly node: string;
  readonly version: string;
  readonly date: string;
  readonly rounds: number;
  readonly count: number;
}

/** The results of a group, with their circumstances. */
export interface Result extends Findings {
  readonly circumstances: Circumstances;
}

/** Collects the circumstances of this run. */
export function circumstances(rounds: number, count: number): Circumstances {
  const { version } = JSON.parse(readFileSync(path('../package.json'), 'utf8'));
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Linux ${release().split('-')[0]}`;
  return {
    machine,
    node: process.versions.node,
    version,
    date: new Date().toISOString().slice(0, 10),
    rounds,
    count,
  };
}

/** Stores the result of a group. */
export function storeResult({ name }: Pick<Group, 'name'>, result: Result): void {
  mkdirSync(path('results'), { recursive: true });
  writeFileSync(path(`results/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** Writes the page and the charts from all stored results. */
export function writeReport(groups: readonly Pick<Group, 'name' | 'title'>[]): void {
  const sections = groups.flatMap(({ name, title }) => {
    const file = path(`results/${name}.json`);
    if (!existsSync(file)) return [];
    const result: Result = JSON.parse(readFileSync(file, 'utf8'));
    for (const chart of result.charts ?? [])
      writeFileSync(path(`../docs/images/${chart.file}`), drawBars(chart));
    return [sectionOf(title, result)];
  });
  const page = readFileSync(path('report.md'), 'utf8');
  writeFileSync(path('../docs/performance.md'), page.replace('<!-- results -->\n', `${sections.join('\n')}`));
}

function sectionOf(title: string, { tables, charts = [], circumstances: of }: Result): string {
  const images = charts.map((chart) => `![${chart.title}](images/${chart.file})\n`);
  const amount =
    of.count === 0
      ? ''
      : `; ${of.rounds} interleaved rounds of ${of.count.toLocaleString('en')} requests, unless a table says otherwise`;
  const how = `*${of.date}, ${of.machine}, Node ${of.node}, oidc-authz ${of.version}${amount}.*\n`;
  return [`## ${title}\n`, how, ...images, ...tables.map(tableText)].join('\n');
}

/** Formats a table as Markdown. */
export function tableText({ title, columns, rows, note }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [`**${title}**`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)];
  return `${lines.join('\n')}\n${note === undefined ? '' : `\n${note}\n`}`;
}

const width = 760;
const nameWidth = 250;
const barHeight = 22;
const top = 52;

/** Draws horizontal bars: bare servers in grey, the service in blue. */
function drawBars({ title, unit, bars }: Chart): string {
  const height = top + bars.length * (barHeight + 6) + 16;
  const greatest = Math.max(...bars.map(({ value }) => value));
  const drawn = bars.map(({ name, value, isLimit }, index) => {
    const y = top + index * (barHeight + 6);
    const length = Math.max(1, (value / greatest) * (width - nameWidth - 90));
    return [
      `<text x="${nameWidth - 10}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3" fill="${isLimit ? '#b6bcc6' : '#2563eb'}"/>`,
      `<text x="${(nameWidth + length + 8).toFixed(1)}" y="${y + 15}">${value < 10 ? value.toFixed(2) : value.toFixed(1)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2937">
<rect width="${width}" height="${height}" rx="10" fill="#ffffff"/>
<text x="20" y="28" font-size="16" font-weight="600">${escaped(title)}</text>
<text x="${width - 20}" y="28" text-anchor="end" fill="#6b7280">${escaped(unit)}</text>
${drawn.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
