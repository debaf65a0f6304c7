/** What needs no token: routes, preflights and trusted addresses become rules. */

import { pathCovers } from '../../../../config/rules/patterns.ts';
import { isMapping, type Mapping } from '../../../../config/values/mapping.ts';
import type { Verdict } from '../../finding.ts';
import { readExpression } from '../../path-expression.ts';
import { everyPath, patternsAround, patternsWithin } from '../../path-patterns.ts';
import type { Given } from '../read/settings.ts';
import { trustedAddresses } from './addresses.ts';
import { isOn, judged, type Part } from './by-kind.ts';
import { readSkipEntries, type SkipEntry } from './routes-entry.ts';

/** A rule, as far as it is looked at here. */
interface Opened {
  readonly paths: readonly string[];
  readonly method: string | undefined;
}

/** What became of one entry. */
interface Outcome {
  readonly flag: string;
  readonly verdict: Verdict;
  readonly text: string;
}

/** Translates everything that oauth2-proxy let pass without a token. */
export function translateRules(given: Given): Part {
  const addresses = trustedAddresses(given);
  const hasPreflight = isOn(given, 'skip-auth-preflight');
  const opened: Opened[] = hasPreflight ? [{ paths: [everyPath], method: 'OPTIONS' }] : [];
  const entries = readSkipEntries(given);
  const positive = entries.filter(({ isNegated }) => !isNegated).map((entry) => openRoute(entry, opened));
  const negative = openAllBut(
    entries.filter(({ isNegated }) => isNegated),
    opened,
  );
  const preflight = { name: 'preflight', match: { methods: ['OPTIONS'] }, allow: 'anonymous' };
  // A rule that lists `OPTIONS` alone is for no pre-flight request; those pass by the rules that ask for a token.
  const rest = { name: 'rest', require: {}, allowPreflight: true };
  const rules: Mapping[] = [
    ...addresses.rules,
    ...(hasPreflight ? [preflight] : []),
    ...positive.flatMap(({ rules }) => rules),
    ...negative.rules.map((rule) =>
      hasPreflight && 'require' in rule ? { ...rule, allowPreflight: true } : rule,
    ),
    ...(hasPreflight && !isOpen(everyPath, undefined, opened) ? [rest] : []),
  ];
  const outcomes = [...positive.map(({ outcome }) => outcome), ...negative.outcomes];
  const looksAtPaths = rules.some(({ match }) => isMapping(match) && 'paths' in match);
  return {
    config: rules.length === 0 ? {} : { ...addresses.config, rules, noRuleMatches: 'token' },
    findings: [
      ...(['skip-auth-regex', 'skip-auth-route'] as const).flatMap((flag) => {
        const own = outcomes.filter((outcome) => outcome.flag === flag);
        if (own.length === 0) return judged(given, flag, 'meaningless', 'it is empty');
        // Said once, though both flags may be given.
        const isFirst = outcomes[0]?.flag === flag;
        const told = own.map(({ text }) => text).join('; ');
        const text = looksAtPaths && isFirst ? `${told}; ${looksText(given)}` : told;
        return own.some(({ verdict }) => verdict === 'changed')
          ? judged(given, flag, 'changed', text)
          : judged(given, flag, 'kept', `\`rules\`: ${text}`);
      }),
      ...(hasPreflight
        ? judged(
            given,
            'skip-auth-preflight',
            'kept',
            'the rule `preflight` and `allowPreflight`: every `OPTIONS` that a browser sends passes without a token',
          )
        : []),
      ...addresses.findings,
    ],
    problems: addresses.problems,
  };
}

function looksText(given: Given): string {
  const ambiguous =
    'paths that can be read in two ways (`//`, `/../`, `%2F`, `;` and the like) are refused with 400';
  const identity = 'a good token on an open path brings no identity headers';
  const forbidden = isOn(given, 'bearer-token-login-fallback', true)
    ? ''
    : ', and a bad one there is not looked at, which was 403';
  return `${ambiguous}, and ${identity}${forbidden}`;
}

function openRoute(entry: SkipEntry, opened: Opened[]): { rules: readonly Mapping[]; outcome: Outcome } {
  const { flag, text, method, expression, position } = entry;
  const outcome = (verdict: Verdict, of: string): Outcome => ({ flag, verdict, text: `\`${text}\` ${of}` });
  if (method === 'never')
    return { rules: [], outcome: outcome('kept', 'opened nothing: no method is called that') };
  const { patterns, isExact } = patternsWithin(readExpression(expression));
  const paths = patterns.filter((path) => !isOpen(path, method, opened));
  const name = `skip-${position}`;
  const verdict = isExact ? 'kept' : 'changed';
  const others = isExact ? '' : ', while other paths that it matched stay guarded';
  if (patterns.length === 0)
    return {
      rules: [],
      outcome: isExact
        ? outcome('kept', 'opened nothing: no path is like that')
        : outcome(
            'changed',
            `cannot be said in path patterns, so its paths stay guarded; write by hand a rule such as \`{name: ${name}, match: {paths: [/open]}, allow: anonymous}\``,
          ),
    };
  if (paths.length === 0)
    return { rules: [], outcome: outcome(verdict, `opens what is open already${others}`) };
  opened.push({ paths, method });
  const rule = {
    name,
    match: { paths, ...(method === undefined ? {} : { methods: [method] }) },
    allow: 'anonymous',
  };
  return {
    rules: [rule],
    outcome: outcome(verdict, `is the rule \`${name}\`, which opens ${paths.join(' and ')}${others}`),
  };
}

/** What is opened but for some paths: rules that guard those, and behind them one that opens the rest. */
function openAllBut(
  entries: readonly SkipEntry[],
  opened: Opened[],
): { rules: readonly Mapping[]; outcomes: readonly Outcome[] } {
  const rules: Mapping[] = [];
  const outcomes: Outcome[] = [];
  // Those of single methods come first, as what is said of all methods has their requests too.
  const methods = [...new Set(entries.map(({ method }) => method))].toSorted(
    (a, b) => Number(a === undefined) - Number(b === undefined),
  );
  for (const method of methods) {
    const own = entries.filter((entry) => entry.method === method);
    const guarded: string[] = [];
    const isOpenAlready = isOpen(everyPath, method, opened);
    let position = 0;
    for (const { flag, text, expression, position: at } of own) {
      const around = method === 'never' ? undefined : patternsAround(readExpression(expression));
      const add = (verdict: Verdict, of: string) =>
        outcomes.push({ flag, verdict, text: `\`${text}\` ${of}` });
      if (method === 'never') add('kept', 'opened nothing: no method is called that');
      else if (isOpenAlready) add('kept', 'opens what is open already');
      else if (around === undefined)
        add(
          'changed',
          `opened all but some paths, and no patterns guard exactly those, so nothing is opened; write by hand \`{name: guarded, match: {paths: [/admin, "/admin/{**}"]}, require: {}}\` for what needs a token and behind it \`{name: rest, allow: anonymous}\``,
        );
      else {
        position ||= at;
        guarded.push(...around.patterns);
        const isExact = around.isExact && own.length === 1;
        const guards = around.patterns.length === 0 ? 'nothing' : around.patterns.join(' and ');
        add(
          isExact ? 'kept' : 'changed',
          `guards ${guards} and opens the rest (\`skip-${position}\`)${isExact ? '' : ', which guards more than it did'}`,
        );
      }
    }
    if (position === 0) continue;
    const match = method === undefined ? {} : { methods: [method] };
    const paths = [...new Set(guarded)].filter((path) => !isOpen(path, method, opened));
    if (paths.length > 0)
      rules.push({ name: `skip-${position}-guarded`, match: { paths, ...match }, require: {} });
    rules.push({ name: `skip-${position}`, match, allow: 'anonymous' });
    opened.push({ paths: [everyPath], method });
  }
  return { rules, outcomes };
}

function isOpen(path: string, method: string | undefined, opened: readonly Opened[]): boolean {
  return opened.some(
    (one) =>
      (one.method === undefined || one.method === method) && one.paths.some((wide) => pathCovers(wide, path)),
  );
}
