/** Models of how servers read a path, as single steps, and of how they find a rule. */

/** One step of a server that changes a path without query. */
export type Step = (path: string) => string;

const unescaped = (path: string, keep: RegExp) =>
  path.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    const bytes = Buffer.from(escaped.replaceAll('%', ''), 'hex');
    const text = bytes.toString('utf8');
    return keep.test(text) ? escaped : text.includes('\ufffd') ? overlong(bytes) : text;
  });

/** UTF-8 as lenient decoders read it, including overlong encodings. */
function overlong(bytes: Buffer): string {
  let text = '';
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    const more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    let point = more === 0 ? byte : byte & (0x3f >> more);
    for (let next = 1; next <= more; next++) point = (point << 6) | ((bytes[index + next] ?? 0) & 0x3f);
    index += more;
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  }
  return text;
}

/** Removes dot segments (RFC 3986 section 5.2.4). `..` at the root stays at the root. */
function withoutDots(path: string): string {
  const output: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..' && output.length > 1) output.pop();
    if (segment !== '.' && segment !== '..') output.push(segment);
    else if (isLast) output.push('');
  }
  return output.join('/');
}

/** The steps, by name. */
export const steps: Readonly<Record<string, Step>> = {
  decodes: (path) => unescaped(path, /^$/),
  'decodes all but slashes': (path) => unescaped(path, /\//),
  'decodes what needs no escape': (path) =>
    path.replace(/%(?:2d|2e|5f|7e|3[0-9]|[46][1-9a-f]|[57][0-9a])/gi, (escaped) =>
      decodeURIComponent(escaped),
    ),
  'decodes %u': (path) =>
    path.replace(/%u([0-9a-f]{4})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    ),
  'merges slashes': (path) => path.replace(/\/{2,}/g, '/'),
  'removes dot segments': withoutDots,
  'removes dot segments as Java does': (path) =>
    withoutDots(path.replace(/\/\.\.?;[^/]*/g, (part) => part.replace(/;.*/, ''))),
  'strips parameters': (path) => path.replace(/;[^/]*/g, ''),
  'takes backslashes for slashes': (path) => path.replaceAll('\\', '/'),
  'cuts at a fragment': (path) => path.split('#', 1)[0] ?? '',
  'cuts at a question mark': (path) => path.split('?', 1)[0] ?? '',
  'cuts at a null': (path) => path.split('\0', 1)[0] ?? '',
  'drops control characters': (path) => path.replaceAll(/\p{Cc}/gu, ''),
  'drops invisible characters': (path) => path.replaceAll(/\u00ad|[\u200b-\u200f]|\u2060|\ufeff|\ufe0f/g, ''),
  'drops dots and spaces at the end, as Windows does': (path) =>
    path
      .split('/')
      .map((segment) => (/^\.{1,2}$/.test(segment) ? segment : segment.replace(/[. ]+$/, '')))
      .join('/'),
  'takes pluses for spaces': (path) => path.replaceAll('+', ' '),
  'trims segments': (path) =>
    path
      .split('/')
      .map((segment) => segment.trim())
      .join('/'),
  'composes Unicode': (path) => path.normalize('NFC'),
  'plain Unicode': (path) => path.normalize('NFKC'),
  'takes an absolute form': (path) => path.replace(/^https?:\/\/[^/]*/, ''),
};

/** A rule in the model. */
export interface ModelRule {
  readonly kind: 'anonymous' | 'deny' | 'require';
  readonly paths: readonly string[];
}

/** The first rule that matches a path, with patterns as regular expressions. */
export function firstRule(
  rules: readonly ModelRule[],
  path: string,
  isMeant: (rule: ModelRule) => boolean = () => true,
  flags = 's',
): number {
  return rules.findIndex(
    (rule) => isMeant(rule) && rule.paths.some((pattern) => expressionOf(pattern, flags).test(path)),
  );
}

function expressionOf(pattern: string, flags: string): RegExp {
  const parts = pattern
    .slice(1)
    .split('/')
    .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : part.replaceAll(/[^\w]/g, '\\$&')));
  return new RegExp(`^/${parts.join('/')}$`, flags);
}
