/** The file of addresses that may sign in: one in the first column of every line. */
import type { Gathered } from './gathered.ts';

/** Reads such a file. */
export function readEmails(text: string, gathered: Gathered): void {
  gathered.emails.push(...addressesIn(text));
}

/** Whether a text is such a file: nothing but addresses. */
export function isEmailFile(text: string): boolean {
  const addresses = addressesIn(text);
  return addresses.length > 0 && addresses.every((address) => /^[^\s@:=]+@[^\s@:=]+$/.test(address));
}

function addressesIn(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.split(',')[0] ?? '').replaceAll('"', '').trim().toLowerCase())
    .filter((address) => address !== '');
}
