/** Differences between answers, sorted by what they mean for whoever changes from one authorizer to the other. */

/** One difference in one request. */
export interface FoundDifference {
  /** The request, in words. */
  readonly name: string;
  /** As `differences` says it: what differs, then how. */
  readonly text: string;
}

/** What a difference means. */
export type Meaning = 'outcome' | 'identity' | 'expected' | 'other';

const page = 'docs/migrating-from-oauth2-proxy.md';

/** What is known to differ, with the reason. */
const expected: Readonly<Record<string, string>> = {
  'cache-control': 'a refusal is not to be cached',
  'content-type':
    'a refusal has a JSON body, an allow has none; `compat: oauth2-proxy` writes those of before',
  expires: 'a refusal is not to be cached',
  'gap-auth': 'nobody is named there but with `compat: oauth2-proxy`',
  location: 'nobody logs in here, so nobody is sent to a login page',
  pragma: 'a refusal is not to be cached',
  'set-cookie': 'no session is kept here, so no cookie is set',
  status: '`compat: oauth2-proxy` with `compatInvalidTokenStatus` gives the status of before',
  vary: 'a refusal is the same for every language',
  'www-authenticate': 'a refusal has a challenge that says what is wrong (RFC 6750)',
  'x-accel-expires': 'a refusal is not to be cached',
  'x-content-type-options': 'it is of the page of oauth2-proxy',
};

/** What a difference means; headers that are not known to differ name the caller, where both let the request pass. */
export function meaningOf(text: string, doBothAllow: boolean): Meaning {
  const [subject = ''] = text.split(': ');
  if (subject === 'outcome' || subject === 'oauth2-proxy' || subject === 'oidc-authz') return 'outcome';
  // One that has no name for the caller and one that has another are two things.
  const isExpected =
    Object.hasOwn(expected, subject) && !(subject === 'gap-auth' && /another value/.test(text));
  if (isExpected) return 'expected';
  return doBothAllow ? 'identity' : 'other';
}

/** The report: how many requests are answered alike, then what matters request by request, and the rest by kind. */
export function comparisonText(
  count: number,
  found: ReadonlyMap<Meaning, readonly FoundDifference[]>,
): string {
  const of = (meaning: Meaning) => found.get(meaning) ?? [];
  const differing = new Set([...of('outcome'), ...of('identity')].map(({ name }) => name));
  const isExact = [...found.values()].every((list) => list.length === 0);
  const but = isExact || count === differing.size ? '' : ', but for what is below';
  return [
    `${count - differing.size} of ${count} requests are answered alike${but}`,
    ...section('decided otherwise', of('outcome').map(lineOf)),
    ...section('another caller is named', of('identity').map(lineOf)),
    ...section(`expected, as ${page} says`, kinds(of('expected'), true)),
    ...section('other headers of refusals', kinds(of('other'), false)),
    '',
  ].join('\n');
}

function lineOf({ name, text }: FoundDifference): string {
  return `${name}: ${text}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** A line for each kind of difference, with how many requests have it. */
function kinds(differences: readonly FoundDifference[], hasReason: boolean): readonly string[] {
  const groups = Map.groupBy(differences, ({ text }) => text.split(': ').slice(0, 2).join(': '));
  return [...groups].map(([kind, all]) => {
    const [subject = ''] = kind.split(': ');
    const reason = hasReason ? `; ${expected[subject]}` : '';
    return `${kind} (${all.length === 1 ? '1 request' : `${all.length} requests`})${reason}`;
  });
}
