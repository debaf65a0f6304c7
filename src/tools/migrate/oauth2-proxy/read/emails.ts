/** The file of addresses that may sign in: one in the first column of every line. */
import type { Collected } from './collected.ts';

/** Reads such a file; one of which oauth2-proxy reads nothing is refused. */
export function readEmails({ text, name }: { text: string; name: string }, collected: Collected): void {
  const records = recordsOf(text);
  if (records !== undefined)
    collected.emails.push(
      ...records.map(([first = '']) => first.trim().toLowerCase()).filter((address) => address !== ''),
    );
  else
    collected.findings.push({
      setting: 'authenticated-emails-file',
      source: name,
      verdict: 'refused',
      text: 'its lines differ in how many columns they have, or have a quote in the wrong place, so oauth2-proxy reads nothing of it and it lets nobody in; mend it',
    });
}

/** Whether a text is such a file: nothing but addresses. */
export function isEmailFile(text: string): boolean {
  const addresses = text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.split(',')[0] ?? '').replaceAll('"', '').trim())
    .filter((address) => address !== '');
  return addresses.length > 0 && addresses.every((address) => /^[^\s@:=]+@[^\s@:=]+$/.test(address));
}

const field = /^[^\S\n]*(?:"((?:[^"]|"")*)"|([^",\n]*))(?=,|\n|$)/;

/** The columns of each line as RFC 4180 has them; undefined where they are not as many in each, or a quote is out of place. */
function recordsOf(text: string): readonly (readonly string[])[] | undefined {
  const records: string[][] = [];
  let rest = text.replaceAll('\r\n', '\n');
  while (rest !== '') {
    const [skipped] = /^(?:\n|#[^\n]*(?:\n|$))/.exec(rest) ?? [];
    if (skipped !== undefined) {
      rest = rest.slice(skipped.length);
      continue;
    }
    const record: string[] = [];
    for (;;) {
      const match = field.exec(rest);
      if (match === null) return undefined;
      const [whole, quoted, plain = ''] = match;
      record.push(quoted?.replaceAll('""', '"') ?? plain);
      rest = rest.slice(whole.length);
      if (!rest.startsWith(',')) break;
      rest = rest.slice(1);
    }
    rest = rest.slice(1);
    if (record.length !== (records[0] ?? record).length) return undefined;
    records.push(record);
  }
  return records;
}
