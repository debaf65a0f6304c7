/** The language of a page: the one of `accept-language` that the person likes most (RFC 9110 section 12.5.4). */

/** The languages of the pages. */
export type Language = 'en' | 'de';

/** How much of the header counts, in characters and ranges. Browsers send less; the rest is not read. */
const longest = 512;
const mostRanges = 20;

/** A language range with its weight, without white space. */
const rangeForm =
  /^(?<primary>[a-z]{1,8}|\*)(?:-[a-z0-9]{1,8})*(?:;q=(?<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * Selects a language. Ranges that are malformed do not count. English, if nothing else is asked for.
 *
 * @param accepted the value of `accept-language`; empty without one
 */
export function languageOf(accepted: string): Language {
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 };
  for (const text of accepted.slice(0, longest).split(',', mostRanges)) {
    const { primary, weight = '1' } =
      rangeForm.exec(text.toLowerCase().replaceAll(/[ \t]/g, ''))?.groups ?? {};
    const language = primary === '*' ? 'en' : primary;
    if ((language === 'en' || language === 'de') && Number(weight) > best.weight)
      best = { language, weight: Number(weight) };
  }
  return best.language;
}
