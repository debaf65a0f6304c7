/** Reads a file of email addresses: one in the first column of every line. */
import type { Collected } from './collected.ts';

/** Reads the addresses. Refuses a file that oauth2-proxy cannot parse. */
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
      text: 'its lines have different numbers of columns or a misplaced quote, so oauth2-proxy reads none of its addresses and allows none of them; fix the file',
    });
}

/** Whether a text contains only email addresses. */
export function isEmailFile(text: string): boolean {
  const addresses = text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.split(',')[0] ?? '').replaceAll('"', '').trim())
    .filter((address) => address !== '');
  return addresses.length > 0 && addresses.every((address) => /^[^\s@:=]+@[^\s@:=]+$/.test(address));
}

const field = /^[^\S\n]*(?:"((?:[^"]|"")*)"|([^",\n]*))(?=,|\n|$)/;

/** Splits each line into columns (RFC 4180); undefined if the numbers of columns differ or a quote is misplaced. */
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
