/** Draws the output of a command as a terminal: SVG text with colors for light and dark pages. The SVG loads nothing. */

/** The picture of the README, below the root of the repository. */
export const demoPicture = 'docs/images/demo.svg';

const columns = 88;
const fontSize = 14;
const rowHeight = 20;
const padding = 16;

/** The largest column width of common monospaced fonts, as a fraction of the font size. */
const columnWidth = 0.61;

/** The mark for rows that the picture omits. */
const omission = '  ⋮';

/**
 * Returns the lines of the demo that the picture shows. The demo prints these paragraphs: the processes, the requests over HTTP, the same requests over
 * gRPC, a login, the command that explains a denial, its output, and the result. The output of the command has several paragraphs. The picture shows only the
 * first line of the requests over gRPC, and the first two paragraphs of the explanation.
 */
export function demoLines(output: string): readonly string[] {
  const paragraphs = output.split('\n\n').map((paragraph) => paragraph.replace(/^\n+|\n+$/g, ''));
  const [
    processes = '',
    overHttp = '',
    overGrpc = '',
    login = '',
    command = '',
    request = '',
    decision = '',
  ] = paragraphs;
  const [title = ''] = overGrpc.split('\n');
  const result = paragraphs.find((paragraph) => / as expected\.$/.test(paragraph)) ?? '';
  const explanation = [command, request, `${decision}\n${omission}`];
  return [processes, overHttp, `${title}\n${omission}`, login, ...explanation, result]
    .join('\n\n')
    .split('\n');
}

/** Replaces what differs in each run: ports, the paths of Envoy and the browser, decision IDs, hashes and times. */
export function shapeOf(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line
      .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/:\d+\b/g, ':PORT')
      .replace(/configuration [\da-f]{16}\b/, 'configuration HASH')
      .replace(/\d+ s ago \(exp \d+/, 'SECONDS ago (exp TIME')
      .replaceAll(/(explain |decision: |id +)[a-z2-7]{13}\b/g, '$1ID')
      .replace(/^( +(?:Envoy|browser) +)\S.*$/, (_, label: string) => `${label}PATH`),
  );
}

/** Returns the SVG of a terminal in which a command printed these lines. */
export function drawTerminal(title: string, command: string, lines: readonly string[]): string {
  const drawn: string[] = [];
  let row = 0;
  const all = [`$ ${command}`, ...lines];
  for (const [index, line] of all.entries()) {
    const rows = wrapped(line);
    if (line !== '') drawn.push(text(rows, row, classOf(line, all[index + 1])));
    row += rows.length;
  }
  const width = Math.ceil(columns * fontSize * columnWidth + 2 * padding);
  const height = row * rowHeight + 2 * padding;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;white-space:pre}
rect{fill:#f6f8fa;stroke:#d0d7de}.dim{fill:#59636e}.good{fill:#1a7f37}.bad{fill:#cf222e}.step{fill:#0550ae}.strong{font-weight:600}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}rect{fill:#0d1117;stroke:#3d444d}.dim{fill:#9198a1}.good{fill:#3fb950}.bad{fill:#ff7b72}.step{fill:#79c0ff}
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${drawn.join('\n')}
</svg>
`;
}

/** Returns the text of each line of a picture, without empty lines. */
export function linesOfPicture(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, content = '']) =>
    content
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
}

/** Splits a line into rows that fit, after a space if possible. The joined rows are the line. */
function wrapped(line: string): readonly string[] {
  const rows: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns - 1);
    const end = space > 0 ? space + 1 : columns;
    rows.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...rows, rest];
}

function text(rows: readonly string[], row: number, className: string): string {
  const [first = '', ...more] = rows;
  const y = (index: number) => padding + (row + index) * rowHeight + fontSize;
  const wrappedRows = more.map((part, index) => {
    const indent = 6 * fontSize * columnWidth;
    return `<tspan x="${padding + Math.round(indent)}" y="${y(index + 1)}">${escaped(part)}</tspan>`;
  });
  return `<text x="${padding}" y="${y(0)}"${className}>${coloured(first)}${wrappedRows.join('')}</text>`;
}

/** A title begins at the margin. A step is a line before a result. */
function classOf(line: string, next = ''): string {
  if (/^\S/.test(line)) return ' class="strong"';
  return /^ {2}\S/.test(line) && /^ {4}[✓✗]/u.test(next) ? ' class="step"' : '';
}

function coloured(line: string): string {
  const [, indent = '', mark = '', rest = ''] = /^(\s*)([✓✗⋮$])(.*)$/u.exec(line) ?? [];
  if (mark === '') return escaped(line);
  const colour = { '✓': 'good', '✗': 'bad' }[mark] ?? 'dim';
  return `${indent}<tspan class="${colour}">${mark}</tspan>${escaped(rest)}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
