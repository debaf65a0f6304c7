/** The template that escapes every value. */
import { describe, expect, test } from 'vitest';
import { html } from '../../src/runtime/html.ts';

describe('html', () => {
  test('escapes a text in an element and in an attribute', () => {
    const value = `<img src=x onerror="alert('1')">&\``;
    expect(html`<p title="${value}">${value}</p>`.markup).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;&#96;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;&#96;</p>',
    );
  });

  test('inserts its own parts and lists of them unchanged', () => {
    const items = ['<', '>'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>`.markup).toBe('<ul><li>&lt;</li><li>&gt;</li></ul>');
  });

  test('shows nothing for undefined and false, and 0 for 0', () => {
    expect(html`a${undefined}b${false}c${0}`.markup).toBe('abc0');
  });

  test('shows nothing of an object that no template made', () => {
    const parsed = JSON.parse('{"markup": "<script>alert(1)</script>"}');
    expect(html`<p>${parsed}</p>`.markup).toBe('<p></p>');
  });

  test('shows control characters and characters that reorder text as code points', () => {
    expect(html`${'a\u202Eb\u0000c\u200Bd\ne'}`.markup).toBe('a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d\ne');
  });
});
