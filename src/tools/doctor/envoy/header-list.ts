/** Matches header names against Envoy's lists of patterns (`envoy.type.matcher.v3.ListStringMatcher`). */
import { isMapping } from '../../../config/values/mapping.ts';
import { listAt, textAt, valueAt } from './message.ts';

/** Whether a list is set. Envoy treats an absent list differently from an empty one. */
export function isListSet(list: unknown): boolean {
  return isMapping(list) && listAt(list, 'patterns').length > 0;
}

/**
 * Whether a list has a pattern for a header.
 *
 * A regular expression counts as a match: Envoy's dialect differs from the one of JavaScript.
 *
 * @param name in lower case
 */
export function isListed(list: unknown, name: string): boolean {
  return listAt(list, 'patterns').some((pattern) => {
    if (isMapping(valueAt(pattern, 'safe_regex')) || isMapping(valueAt(pattern, 'custom'))) return true;
    const ignoresCase = valueAt(pattern, 'ignore_case') === true;
    const text = (member: string) => {
      const value = textAt(pattern, member);
      return ignoresCase ? value.toLowerCase() : value;
    };
    const [exact, prefix, suffix, contains] = ['exact', 'prefix', 'suffix', 'contains'].map(text);
    return (
      exact === name ||
      (prefix !== '' && prefix !== undefined && name.startsWith(prefix)) ||
      (suffix !== '' && suffix !== undefined && name.endsWith(suffix)) ||
      (contains !== '' && contains !== undefined && name.includes(contains))
    );
  });
}
