/** Texts with code and links. */
import { expect, test } from 'vitest';
import { prose } from '../../../src/transport/console/prose.ts';

test('prose shows code and the text of a link, and escapes the rest', () => {
  expect(prose('Set `a<b` as [the `page`](x.md#y) says <b>.').markup).toBe(
    'Set <code>a&lt;b</code> as the <code>page</code> says &lt;b&gt;.',
  );
});
