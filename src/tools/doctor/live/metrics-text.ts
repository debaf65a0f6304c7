/** Reads the samples of a scrape in the text format of Prometheus, version 0.0.4. */

/** One sample. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the samples. A line in another form is ignored. */
export function readMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    const number = Number(value.replace(/^([+-]?)Inf$/, '$1Infinity'));
    if (name === undefined || Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(/(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
    const decode = (written: string) =>
      written.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
    return [
      {
        name,
        labels: Object.fromEntries(pairs.map(([, label = '', written = '']) => [label, decode(written)])),
        value: number,
      },
    ];
  });
}
