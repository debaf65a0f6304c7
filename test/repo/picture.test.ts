import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  demoLines,
  demoPicture,
  drawTerminal,
  linesOfPicture,
  shapeOf,
} from '../../scripts/terminal-picture.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

test('the picture of the README has a title, fits in 60 KB and loads nothing', () => {
  const svg = read(demoPicture);
  expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*aria-labelledby="title">\n<title id="title">\S/);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/<script|<image|<use|href=|@import|@font-face|url\(/);
  expect(Buffer.byteLength(svg)).toBeLessThan(60_000);
});

test('the README shows the picture with a description', () => {
  expect(read('README.md')).toMatch(/^!\[[^\]]{20,}\]\(docs\/images\/demo\.svg\)$/m);
});

test('the text of a drawn line is unchanged, even if it is wrapped or has special XML characters', () => {
  const lines = ['title', '', `  <a> & "b"`, `    ✓ ${'word '.repeat(40)}end`, 'x'.repeat(200)];
  const svg = drawTerminal('<title>', 'command', lines);
  expect(linesOfPicture(svg)).toEqual(['$ command', ...lines.filter((line) => line !== '')]);
});

test('the picture shows the first line of the gRPC part, and the first two paragraphs of the explanation', () => {
  const explanation = '  $ explain\n\n  request\n\n  decision\n\n  causes:\n    - a\n\n  fix:\n    - b';
  const output = `\n  issuer  :1\n\nHTTP\n  a\n  b\n\ngRPC\n  a\n  b\n\nLogin\n  a\n\nWhy?\n${explanation}\n\nAll as expected.\n`;
  expect(demoLines(output)).toEqual([
    '  issuer  :1',
    '',
    'HTTP',
    '  a',
    '  b',
    '',
    'gRPC',
    '  ⋮',
    '',
    'Login',
    '  a',
    '',
    'Why?',
    '  $ explain',
    '',
    '  request',
    '',
    '  decision',
    '  ⋮',
    '',
    'All as expected.',
  ]);
});

test('ports, the path of Envoy, decision IDs, hashes and times do not count', () => {
  const lines = [
    '  issuer  http://127.0.0.1:40001',
    '  Envoy       /some/envoy',
    '  browser     /usr/bin/chromium',
    '  401',
    'Why was it denied?  (x-oidc-authz-decision: rseq4vqjbykqa)',
    '  $ npm start --silent -- explain rseq4vqjbykqa --admin http://127.0.0.1:40251',
    '  service        http://127.0.0.1:40251 (version 0.1.0, configuration 8f8ee1d123b6223a), 2026-11-26T22:15:18.059Z',
    '  detail         expired 1 s ago (exp 1795731317, clockTolerance 0 ms)',
    '  id             rseq4vqjbykqa',
  ];
  expect(shapeOf(lines)).toEqual([
    '  issuer  http://127.0.0.1:PORT',
    '  Envoy       PATH',
    '  browser     PATH',
    '  401',
    'Why was it denied?  (x-oidc-authz-decision: ID)',
    '  $ npm start --silent -- explain ID --admin http://127.0.0.1:PORT',
    '  service        http://127.0.0.1:PORT (version 0.1.0, configuration HASH), TIME',
    '  detail         expired SECONDS ago (exp TIME, clockTolerance 0 ms)',
    '  id             ID',
  ]);
});
