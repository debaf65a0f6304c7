/** Claims that make expressions expensive. Each is as large as a token allows, and a different worst case. */

/** Creates claims of a size in bytes of JSON, by name. `round` makes each result different. */
export function hostileClaims(
  bytes: number,
  round: number,
): readonly (readonly [name: string, claims: object])[] {
  const room = bytes - 40;
  const fill = (one: string, of: number) =>
    `[${Array.from({ length: Math.floor((of - 2) / (one.length + 1)) }, () => one).join()}]`;
  const parsed = (a: string, b: string, c = '"a"') => JSON.parse(`{"a":${a},"b":${b},"c":${c}}`) as object;
  const half = room / 2;
  const text = (length: number, piece: string) =>
    JSON.stringify(piece.repeat(Math.floor(length / Buffer.byteLength(piece))));
  const kinds = (one: string): readonly (readonly [string, object])[] => [
    [`one list of ${one}`, parsed(fill(one, room - 3), '"a"')],
    [`two lists of ${one}`, parsed(fill(one, half), fill(one, half))],
  ];
  return [
    ...[
      '0',
      '""',
      '"a"',
      '[]',
      '{}',
      '[0]',
      '{"a":0}',
      'null',
      '"aaaaaaaaaaaaaaaaaaaa"',
      '["a","a"]',
    ].flatMap(kinds),
    ['one text', parsed(text(room, 'a'), '"a"')],
    ['two texts', parsed(text(half, 'a'), text(half, 'a'))],
    [
      'a text, and one that is almost in it',
      parsed(text(half, 'a'), JSON.stringify(`${'a'.repeat(100)}b${'a'.repeat(Math.floor(half / 2))}`)),
    ],
    [
      'a text, and one that is almost in it from the end',
      parsed(text(half, 'a'), JSON.stringify(`${'a'.repeat(Math.floor(half / 2))}b`)),
    ],
    ['letters with two small ones', parsed(text(room, 'İ'), '"a"')],
    ['letters with three capitals', parsed(text(room, 'ΐ'), '"a"')],
    ['surrogates', parsed(text(half, '😀'), text(half, '😀'))],
    ['digits', parsed(text(room, '1'), '"1"')],
    ['a text of slashes', parsed(text(room, '/a'), '"/"')],
    ['many names', parsed(namesOf(half, round), namesOf(half, round))],
    ['one map of many names', parsed(namesOf(room - 3, round), '"a"')],
    [
      'deep lists',
      parsed(
        fill(`${'['.repeat(28)}${']'.repeat(28)}`, half),
        fill(`${'['.repeat(28)}${']'.repeat(28)}`, half),
      ),
    ],
    ['deep maps', parsed(fill(`${'{"a":'.repeat(28)}0${'}'.repeat(28)}`, room - 3), '"a"')],
    ['ever new types', parsed(newTypes(half, round), newTypes(half, round + 1_000_003))],
  ];
}

function namesOf(bytes: number, round: number): string {
  const names: string[] = [];
  for (let index = 0, length = 2; length < bytes - 12; index++) {
    const one = `"${(index + round).toString(36)}":0`;
    names.push(one);
    length += one.length + 1;
  }
  return `{${names.join()}}`;
}

function newTypes(bytes: number, round: number): string {
  const members: string[] = [];
  for (let index = round * 997, length = 2; length < bytes - 200; index++) {
    let one = '0';
    for (let bit = 0; bit < 18; bit++) one = (index >> bit) & 1 ? `[${one}]` : `{"a":${one}}`;
    members.push(one);
    length += one.length + 1;
  }
  return `[${members.join()}]`;
}
