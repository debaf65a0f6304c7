/** Reads the languages that a person prefers, for the pages of the issuer (OpenID Connect Core 1.0 section 3.1.2.1, `ui_locales`). */

/** The most languages, and the parts of the header that are read: its ranges, and its characters. */
const mostLanguages = 5;
const mostRanges = 20;
const longest = 256;

/** A language range other than `*`, with its weight, without white space (RFC 9110 section 12.5.4). */
const rangeForm = /^(?<tag>[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:;q=(?<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/**
 * Reads `accept-language`.
 *
 * @returns the languages, the preferred one first, separated by spaces; undefined without any
 */
export function uiLocalesOf(accepted: string): string | undefined {
  const ranges = accepted
    .slice(0, longest)
    .split(',', mostRanges)
    .map((text) => rangeForm.exec(text.replaceAll(/[ \t]/g, ''))?.groups)
    .filter((range) => range !== undefined)
    .map(({ tag = '', weight = '1' }) => ({ tag, weight: Number(weight) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight);
  const tags = [...new Set(ranges.map(({ tag }) => tag))].slice(0, mostLanguages);
  return tags.length === 0 ? undefined : tags.join(' ');
}
