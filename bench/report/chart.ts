/** Bar charts of ratios, as SVG. */

/** A bar chart. */
export interface Chart {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

/** A bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Whether it is another program, for comparison. */
  readonly isOther: boolean;
}

const width = 760;
const nameWidth = 290;
const barHeight = 22;
const top = 52;

/** Draws horizontal bars: other programs in grey, the service in blue. */
export function drawBars({ title, unit, bars }: Chart): string {
  const height = top + bars.length * (barHeight + 6) + 16;
  const greatest = Math.max(...bars.map(({ value }) => value));
  const drawn = bars.map(({ name, value, isOther }, index) => {
    const y = top + index * (barHeight + 6);
    const length = Math.max(1, (value / greatest) * (width - nameWidth - 90));
    return [
      `<text x="${nameWidth - 10}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3" fill="${isOther ? '#b6bcc6' : '#2563eb'}"/>`,
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
