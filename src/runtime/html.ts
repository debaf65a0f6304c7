/** Builds HTML. The only place that escapes text for it. */

/** Marks the parts that {@link html} makes. Parsed JSON cannot have a symbol. */
const isPart = Symbol('isPart');

/** A part of a page that is HTML already. Only {@link html} makes it. */
export interface Html {
  readonly markup: string;
  readonly [isPart]: true;
}

/** A value in a template: text and numbers, which are escaped, parts of pages, and lists of them. */
export type HtmlValue = string | number | undefined | false | Html | readonly HtmlValue[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Characters that are not visible, or that change the order of the text around them. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A template whose values are escaped. The result is safe as the content of an element, and as an attribute value in double quotes.
 * A value must never be a whole tag, an attribute without quotes, or inside of `<script>` or `<style>`.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const markup = strings.reduce((text, string, index) => text + markupOf(values[index - 1]) + string);
  return Object.freeze({ markup, [isPart]: true } as const);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  if (isList(value)) return value.map(markupOf).join('');
  // An object of another origin, such as parsed JSON, may have a member `markup` too.
  return Object.hasOwn(value, isPart) ? value.markup : '';
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text
    .replaceAll(invisible, (character) =>
      character === '\n' || character === '\t' ? character : codeOf(character),
    )
    .replaceAll(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

/** Shows a character as its code point, such as `⟨U+202E⟩`. */
function codeOf(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
