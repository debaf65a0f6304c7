/** Makes the fields of a request malformed (RFC 9113 section 8), unusual or too many. */
import type { Field } from './header-writer.ts';

type Change = (fields: readonly Field[]) => readonly Field[];

const without =
  (name: string): Change =>
  (fields) =>
    fields.filter(([one]) => one !== name);
const instead =
  (name: string, value: string): Change =>
  (fields) =>
    fields.map(([one, old]) => [one, one === name ? value : old] as const);
const plus =
  (...more: readonly Field[]): Change =>
  (fields) => [...fields, ...more];
const first =
  (...more: readonly Field[]): Change =>
  (fields) => [...more, ...fields];

const changes: Readonly<Record<string, Change>> = {
  'no method': without(':method'),
  'no path': without(':path'),
  'no scheme': without(':scheme'),
  'no authority': without(':authority'),
  'no pseudo-header': (fields) => fields.filter(([name]) => !name.startsWith(':')),
  'nothing at all': () => [],
  'an empty path': instead(':path', ''),
  'a path without a slash': instead(':path', 'c/1'),
  'a path with a space': instead(':path', '/a b'),
  'a path of *': instead(':path', '*'),
  'an empty method': instead(':method', ''),
  'a method with a space': instead(':method', 'PO ST'),
  'CONNECT with everything': instead(':method', 'CONNECT'),
  'CONNECT as it must be': (fields) =>
    fields
      .filter(([name]) => name !== ':scheme' && name !== ':path')
      .map(([name, value]) => [name, name === ':method' ? 'CONNECT' : value] as const),
  'a second method': first([':method', 'POST']),
  'a second path': first([':path', '/other']),
  'a second authority': first([':authority', 'x'], [':authority', 'y']),
  'a pseudo-header after the fields': plus([':authority', 'late']),
  'a pseudo-header of a response': first([':status', '200']),
  'an unknown pseudo-header': first([':unknown', 'x']),
  'a protocol': first([':protocol', 'websocket']),
  'an empty name': plus(['', 'x']),
  'a name in capitals': plus(['X-Capital', 'x']),
  'a name with a space': plus(['x y', 'x']),
  'a name with a colon': plus(['x:y', 'x']),
  'a name with a control character': plus(['x\x01', 'x']),
  'a name with a high byte': plus(['x\xe9', 'x']),
  'a value with NUL': plus(['x-a', 'a\0b']),
  'a value with a line feed': plus(['x-a', 'a\nb']),
  'a value with a carriage return': plus(['x-a', 'a\rb']),
  'a value with DEL': plus(['x-a', 'a\x7fb']),
  'a value that begins with a space': plus(['x-a', ' a']),
  'a value that ends with a tab': plus(['x-a', 'a\t']),
  connection: plus(['connection', 'close']),
  'keep-alive': plus(['keep-alive', 'x']),
  'transfer-encoding': plus(['transfer-encoding', 'chunked']),
  upgrade: plus(['upgrade', 'h2c']),
  'proxy-connection': plus(['proxy-connection', 'x']),
  'te with gzip': plus(['te', 'gzip']),
  'te in capitals': plus(['te', 'Trailers']),
  'a wrong content-length': plus(['content-length', '7']),
  'two content-lengths': plus(['content-length', '7'], ['content-length', '8']),
  'a content-length that is not a number': plus(['content-length', '-1']),
  'a huge content-length': plus(['content-length', '99999999999999999999']),
  'a host': plus(['host', 'localhost']),
  'another host': plus(['host', 'other']),
  '300 fields': (fields) => [...fields, ...Array.from({ length: 300 }, (_, i) => [`x-${i}`, 'v'] as const)],
  'fields of 70,000 bytes': plus(['x-huge', 'h'.repeat(70_000)]),
  'one field 20,000 times': (fields) => [
    ...fields,
    ...Array.from({ length: 20_000 }, () => ['x-again', 'again'] as const),
  ],
};

/** The names of the changes. */
export const fieldChanges = Object.keys(changes);

/** Applies a change. */
export function changeFields(change: string, fields: readonly Field[]): readonly Field[] {
  return changes[change]?.(fields) ?? fields;
}
