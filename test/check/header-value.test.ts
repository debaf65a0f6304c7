/** Header values in each encoding, decoded by independent decoders. Decoders in another language are tested in e2e. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWriteClaims, createWriteValue } from '../../src/check/header-value.ts';

/** Decodes headers by the standards only, as an upstream does. */
function decoded(encoding: 'percent' | 'base64url' | 'json', headers: readonly string[]): unknown[] {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const read = {
    percent: decodeURIComponent,
    base64url: (header: string) =>
      strict.decode(
        Uint8Array.from(atob(header.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0)),
      ),
    json: (header: string): unknown => JSON.parse(header),
  }[encoding];
  return headers.map(read);
}

const textOf = (encoding: Parameters<typeof createWriteValue>[0], claim: unknown) =>
  createWriteValue(encoding)(claim).text ?? '';
const printable = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

const texts = [
  'alice',
  'Åsa Öberg',
  '名前',
  '😀',
  ' a ',
  'a\r\nx-admin: true',
  'a\0b',
  'a%20b+c',
  "!'()*~-._",
  '"\\',
  '\u2028\u2029\u0085\ufeff',
  'a\x7fb',
  ...Array.from({ length: 95 }, (_, index) => `x${String.fromCharCode(32 + index)}x`),
];

describe('percent', () => {
  test('is decoded by every decoder, and uses only these characters', () => {
    const headers = texts.map((text) => textOf('percent', text));
    expect(decoded('percent', headers)).toEqual(texts);
    // RFC 3986 section 2.3: unreserved characters are never encoded. A plus is not a space.
    for (const header of headers) expect(header).toMatch(/^([A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
  });

  test('joins the encoded members of a list', () => {
    const write = createWriteValue('percent', '|');
    expect(write(['é', 1, true, 'a b']).text).toBe('%C3%A9|1|true|a%20b');
  });
});

describe('base64url', () => {
  test('encodes a string without padding', () => {
    const headers = texts.map((text) => textOf('base64url', text));
    expect(decoded('base64url', headers)).toEqual(texts);
    for (const header of headers) expect(header).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  test('encodes the JSON text of other values', () => {
    const values = [1, true, ['a', 'b,c'], { a: { b: ['é'] } }, [], 0.5];
    const headers = values.map((value) => textOf('base64url', value));
    expect(decoded('base64url', headers).map((json) => JSON.parse(String(json)))).toEqual(values);
  });
});

describe('json', () => {
  test('is one line of printable ASCII that decodes to the claim', () => {
    const claims = fc.jsonValue({ stringUnit: 'binary' }).filter((value) => value !== null);
    const values: unknown[] = [...texts, ...fc.sample(claims, { numRuns: 500, seed: 17 }), '', [], {}];
    const written = values.map((value) => createWriteValue('json')(value));
    const writable = values.filter((_, index) => written[index]?.text !== undefined);
    const headers = written.flatMap(({ text }) => (text === undefined ? [] : [text]));
    expect(headers.length).toBeGreaterThan(texts.length + 50);
    for (const header of headers) expect(header).toMatch(printable);
    expect(decoded('json', headers).map((value) => JSON.stringify(value))).toEqual(
      writable.map((value) => JSON.stringify(value)),
    );
  });
});

describe('a value that would change the claim is withheld', () => {
  test.each([
    ['percent', 'a\ud800', 'characters'],
    ['base64url', 'a\udc00', 'characters'],
    ['json', 2 ** 53, 'type'],
    ['json', { deep: [{ id: 2 ** 64 }] }, 'type'],
    ['base64url', [Number.POSITIVE_INFINITY], 'type'],
    ['percent', { a: 1 }, 'type'],
    ['plain', 'é', 'characters'],
    ['json', 'x'.repeat(4095), 'length'],
    ['json', 'é'.repeat(700), 'length'],
    ['percent', '名'.repeat(500), 'length'],
    ['base64url', 'x'.repeat(3100), 'length'],
  ] as const)('%s of %j: %s', (encoding, claim, cause) => {
    expect(createWriteValue(encoding)(claim)).toEqual({ withheld: [cause] });
  });

  test('an unpaired surrogate in JSON is an escape, as it was signed', () => {
    expect(textOf('json', '\ud800')).toBe('"\\ud800"');
  });

  test.each(['plain', 'percent', 'base64url', 'json'] as const)(
    '%s of an absent claim is absent',
    (encoding) => {
      for (const nothing of [undefined, null])
        expect(createWriteValue(encoding)(nothing)).toEqual({ withheld: [] });
    },
  );
});

describe('all claims', () => {
  const payload =
    ' {"sub":"Åsa","id":12345678901234567890,\r\n\t"deep":{"b":1,"a":[1.50,"\u2028\\n"]},\n"x":"\x7f"} ';

  test('in base64url are the exact bytes of the payload', () => {
    const header = createWriteClaims()(payload).text ?? '';
    expect(decoded('base64url', [header])).toEqual([payload]);
  });

  test('in json are one line of ASCII, with every digit', () => {
    const header = createWriteClaims('json')(payload).text ?? '';
    expect(header).toMatch(printable);
    expect(header).toContain('12345678901234567890');
    expect(decoded('json', [header])).toEqual([JSON.parse(payload)]);
  });

  test('in percent decode to the payload', () => {
    expect(decoded('percent', [createWriteClaims('percent')(payload).text ?? ''])).toEqual([payload]);
  });
});

/** The white space of Python 3.13 (`str.isspace`), on which `str.split()` and `str.strip()` act. */
const pythonSpaces =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

function stripped(text: string): string {
  const units = [...text];
  while (pythonSpaces.includes(units[0] ?? '!')) units.shift();
  while (pythonSpaces.includes(units.at(-1) ?? '!')) units.pop();
  return units.join('');
}

function splitAtSpaces(text: string): string[] {
  const parts = [''];
  for (const unit of text) {
    if (pythonSpaces.includes(unit)) parts.push('');
    else parts.push(`${parts.pop()}${unit}`);
  }
  return parts.filter((part) => part !== '');
}

describe('the members of a list', () => {
  const separators = [',', ';', '|', ' ', ', ', ' | ', '::', ':::', '--', 'aba', 'ab', '/'];

  test.each(separators)('keep their number when split at %j', (separator) => {
    const marks = ['a', 'b', ',', ';', '|', ' ', ':', '-', '/', 'x', 'é', '\r\n', '\t', '\u00a0', '\u2003'];
    const unit = fc.constantFrom(...marks);
    const members = fc.array(
      fc.array(unit, { maxLength: 5 }).map((units) => units.join('')),
      { maxLength: 5 },
    );
    const core = separator.trim() || separator;
    for (const encoding of ['plain', 'percent'] as const) {
      if (encoding === 'percent' && /[a-z-]/.test(separator)) continue;
      const write = createWriteValue(encoding, separator);
      fc.assert(
        fc.property(members, (list) => {
          const { text, withheld } = write(list);
          if (text === undefined) return;
          const decode = (one: string) => (encoding === 'percent' ? decodeURIComponent(one) : one);
          const readers = [
            text.split(separator).map(decode),
            decode(text).split(separator),
            decode(text)
              .split(core)
              .map((one) => one.trim()),
            splitFromEnd(decode(text), separator),
            decode(text).split(separator).map(stripped),
            text.split(separator).map((one) => stripped(decode(one))),
          ];
          if (separator.trim() === '')
            for (const one of splitAtSpaces(decode(text))) expect(list).toContain(one);
          const trimmed = list.map((one) => one.trim());
          const count = text.split(separator).length;
          for (const [index, read] of readers.entries()) {
            expect(read.length).toBe(count);
            for (const one of read) expect(index === 2 ? trimmed : list).toContain(one);
          }
          if (withheld.length === 0) expect(readers[0]).toEqual(list);
        }),
        { numRuns: 100 },
      );
    }
  });

  test.each([...pythonSpaces])('are left out of percent if %j is at their start or end', (space) => {
    const members = [`${space}admin`, `admin${space}`, `a${space}b`, 'x'];
    const expected = { text: `${encodeURIComponent(`a${space}b`)},x`, withheld: ['characters'] };
    expect(createWriteValue('percent')(members)).toEqual(expected);
    expect(createWriteValue('percent', ' ')([`a${space}b`, 'x']).text).toBe('x');
  });

  test('are left out and counted if they contain the separator', () => {
    expect(createWriteValue('plain', '|')(['a|b', 'c', 'd,e'])).toEqual({
      text: 'c|d,e',
      withheld: ['separator'],
    });
    expect(createWriteValue('percent')(['a,b', 'c'])).toEqual({ text: 'c', withheld: ['comma'] });
    expect(createWriteValue('plain', ', ')(['a,b', 'c'])).toEqual({ text: 'c', withheld: ['separator'] });
    expect(createWriteValue('plain', '::')(['x:', 'y'])).toEqual({ text: 'y', withheld: ['separator'] });
    expect(createWriteValue()([' admin', 'c'])).toEqual({ text: 'c', withheld: ['characters'] });
  });

  test('are all present in json and base64url', () => {
    expect(createWriteValue('json')(['a,b', 'c'])).toEqual({ text: '["a,b","c"]', withheld: [] });
  });
});

function splitFromEnd(text: string, separator: string): string[] {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text] : [...splitFromEnd(text.slice(0, at), separator), text.slice(at + separator.length)];
}
