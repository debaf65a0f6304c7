/** Paths and hosts that two parsers can read differently. */
import fc from 'fast-check';

const pathPiece = fc.constantFrom(
  ...[
    '/',
    '/',
    'public',
    'admin',
    'x',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '.%2e',
    '%252e',
    '%2F',
    '%5c',
    '\\',
    '//',
  ],
  ...[
    ';',
    ';x',
    '..;',
    '%3b',
    '?',
    '%3f',
    '%23',
    '%00',
    '%20',
    '+',
    '%70ublic',
    'Public',
    '%25',
    '...',
    '%u002e',
  ],
);

/** Paths below the anonymous path, next to it, and above it. */
export const hostilePaths = fc
  .tuple(
    fc.constantFrom(
      '/public/',
      '/public',
      '/',
      '/admin/',
      '/%70ublic/',
      '//public/',
      '/./public/',
      '/x/../public/',
    ),
    fc.array(pathPiece, { maxLength: 6 }),
    fc.constantFrom('', '', '/admin', '/../admin', '/../public/x', '?x=/../admin'),
  )
  .map(([start, parts, end]) => `${start}${parts.join('')}${end}`)
  .filter((text) => !/\s/.test(text));

const open = 'public.example.com';

/** Header lines that name the anonymous host, or a similar one. */
export const hostileHosts = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', 'x.', 'user@', ' ', '.', 'h,', 'http://', `${'a.'.repeat(130)}`),
      fc.constantFrom(
        open,
        open.toUpperCase(),
        'public.example',
        'PUBLIC.EXAMPLE.com',
        'public%2eexample.com',
      ),
      fc.constantFrom(
        '',
        '.',
        '..',
        ':',
        ':80',
        ':443',
        ':4711',
        ':0',
        ':080',
        ':443.',
        '.:443',
        ':65536',
        ':x',
        ',b',
        ' b',
        '/',
        '#',
        '\t',
        '%00',
        '@h',
        ':80:80',
      ),
    )
    .map((parts) => `host: ${parts.join('')}`),
  fc
    .tuple(fc.constantFrom(open, 'x.example.com', ''), fc.constantFrom(open, 'x.example.com', ''))
    .map(([one, other]) => `host: ${one}\r\nHost: ${other}`),
  fc.constantFrom(
    `host:${open}\r\n :4711`,
    `host: ${'a'.repeat(64)}.locked.example`,
    `host: ${'a.'.repeat(130)}locked.example`,
    `x-forwarded-host: ${open}\r\nhost: x.example.com`,
    `:authority: ${open}\r\nhost: x.example.com`,
    `host: [::1]`,
  ),
);
