/** Describes how the answers of two authorizers to one request differ. */
import { decisionHeader } from '../../model/decision.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { connectionHeaders } from './connection-headers.ts';

/** Headers that always differ, or are compared separately. */
const notCompared = new Set(['date', decisionHeader, 'x-envoy-auth-headers-to-remove']);

/** The answer of a named authorizer, or the error. */
export interface Answered {
  readonly name: string;
  readonly answer: IncumbentAnswer | Error;
}

/** Formats a header value. Undefined if values must not be printed, because they can contain personal data. */
export type FormatValue = ((value: string) => string) | undefined;

/** Lists the differences in outcome, status and headers. */
export function differences(one: Answered, other: Answered, format: FormatValue): readonly string[] {
  const errors = [one, other].flatMap(({ name, answer }) =>
    answer instanceof Error ? [`${name}: ${answer.message}`] : [],
  );
  if (errors.length > 0) return errors;
  return [...statusDifferences(one, other), ...headerDifferences(one, other, format)];
}

function statusDifferences(one: Answered, other: Answered): string[] {
  const [a, b] = [statusOf(one), statusOf(other)];
  if (a === b) return [];
  const kind = (a === 200) === (b === 200) ? 'status' : 'outcome';
  return [`${kind}: ${one.name} ${a}, ${other.name} ${b}`];
}

function headerDifferences(one: Answered, other: Answered, format: FormatValue): string[] {
  const [first, second] = [headersOf(one), headersOf(other)];
  const value = (text: string) => (format === undefined ? '' : `: ${text}`);
  return [...new Set([...first.keys(), ...second.keys()])].toSorted().flatMap((header) => {
    const [a, b] = [first.get(header), second.get(header)];
    if (a === b) return [];
    if (a !== undefined && b !== undefined)
      return [`${header}: another value${value(`${one.name} ${format?.(a)}, ${other.name} ${format?.(b)}`)}`];
    const who = a === undefined ? other.name : one.name;
    return [`${header}: only ${who} has it${value(`${format?.(a ?? b ?? '')}`)}`];
  });
}

function statusOf({ answer }: Answered): number | undefined {
  return answer instanceof Error ? undefined : answer.status;
}

/** The compared headers. An empty header counts as absent. */
function headersOf({ answer }: Answered): ReadonlyMap<string, string> {
  const lines = (answer instanceof Error ? [] : answer.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return new Map(
    lines.filter(([name, value]) => !notCompared.has(name) && !connectionHeaders.has(name) && value !== ''),
  );
}
