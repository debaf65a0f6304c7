/** How two authorizers' answers to one request differ, in words. */
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { connectionHeaders } from './connection-headers.ts';

/** What is of the moment, or says what is compared elsewhere. */
const notCompared = new Set(['date', 'x-envoy-auth-headers-to-remove']);

/** An answer, and who gave it; or why there is none. */
export interface Answered {
  readonly name: string;
  readonly answer: IncumbentAnswer | Error;
}

/** How a header's value is written; undefined: not at all, since it can tell of a person. */
export type ShownValue = ((value: string) => string) | undefined;

/** Says each difference: of the outcome, the status, and every header. */
export function differences(one: Answered, other: Answered, shown: ShownValue): readonly string[] {
  const silent = [one, other].flatMap(({ name, answer }) =>
    answer instanceof Error ? [`${name}: ${answer.message}`] : [],
  );
  if (silent.length > 0) return silent;
  return [...statusDifferences(one, other), ...headerDifferences(one, other, shown)];
}

function statusDifferences(one: Answered, other: Answered): string[] {
  const [a, b] = [statusOf(one), statusOf(other)];
  if (a === b) return [];
  const kind = (a === 200) === (b === 200) ? 'status' : 'outcome';
  return [`${kind}: ${one.name} ${a}, ${other.name} ${b}`];
}

function headerDifferences(one: Answered, other: Answered, shown: ShownValue): string[] {
  const [first, second] = [headersOf(one), headersOf(other)];
  const told = (text: string) => (shown === undefined ? '' : `: ${text}`);
  return [...new Set([...first.keys(), ...second.keys()])].toSorted().flatMap((header) => {
    const [a, b] = [first.get(header), second.get(header)];
    if (a === b) return [];
    if (a !== undefined && b !== undefined)
      return [`${header}: another value${told(`${one.name} ${shown?.(a)}, ${other.name} ${shown?.(b)}`)}`];
    const who = a === undefined ? other.name : one.name;
    return [`${header}: only ${who} has it${told(`${shown?.(a ?? b ?? '')}`)}`];
  });
}

function statusOf({ answer }: Answered): number | undefined {
  return answer instanceof Error ? undefined : answer.status;
}

/** Every header that says something; an empty one says nothing to an upstream. */
function headersOf({ answer }: Answered): ReadonlyMap<string, string> {
  const lines = (answer instanceof Error ? [] : answer.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return new Map(
    lines.filter(([name, value]) => !notCompared.has(name) && !connectionHeaders.has(name) && value !== ''),
  );
}
