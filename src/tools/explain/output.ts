/** The output of `explain`. */
import { escapeInvisible } from '../../observe/escape-invisible.ts';
import type { ExplainResult } from './result.ts';
import { resultText } from './text.ts';

/** Writes the result. @param secrets replaced wherever they occur: a rule or a header can contain a token */
export function outputOf(
  result: ExplainResult,
  kind: 'text' | 'json',
  hasColors: boolean,
  secrets: readonly string[],
): string {
  const text =
    kind === 'json' ? `${escapeInvisible(JSON.stringify(result, null, 2))}\n` : resultText(result, hasColors);
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '<hidden>'), text);
}
