/** Translates requests without a token to rules: routes, preflights and trusted addresses. */

import { pathCovers } from '../../../../config/rules/patterns.ts';
import { isMapping, type Mapping } from '../../../../config/values/mapping.ts';
import type { Verdict } from '../../finding.ts';
import { readExpression } from '../../path-expression.ts';
import { everyPath, patternsAround, patternsWithin } from '../../path-patterns.ts';
import type { Installation } from '../merge/installation.ts';
import { trustedAddresses } from './addresses.ts';
import { findingIfSet } from './findings.ts';
import type { Part } from './part.ts';
import { isOn } from './setting-values.ts';
import { readSkipEntries, type SkipEntry } from './skip-entries.ts';

/** The paths and methods that need no token. */
interface Opened {
  readonly paths: readonly string[];
  readonly method: string | undefined;
}

/** The result for one entry. */
interface Outcome {
  readonly flag: string;
  readonly verdict: Verdict;
  readonly text: string;
}

/** Translates all settings that allow requests without a token. */
export function translateRules(installation: Installation): Part {
  const addresses = trustedAddresses(installation);
  const hasPreflight = isOn(installation, 'skip-auth-preflight');
  const opened: Opened[] = hasPreflight ? [{ paths: [everyPath], method: 'OPTIONS' }] : [];
  const entries = readSkipEntries(installation);
  const positive = entries.filter(({ isNegated }) => !isNegated).map((entry) => openRoute(entry, opened));
  const negative = openAllBut(
    entries.filter(({ isNegated }) => isNegated),
    opened,
  );
  const preflight = { name: 'preflight', match: { methods: ['OPTIONS'] }, allow: 'anonymous' };
  // A rule that lists only `OPTIONS` does not match preflights; `allowPreflight` of the rules that require a token
  // does.
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
        if (own.length === 0) return findingIfSet(installation, flag, 'meaningless', 'it is empty');
        // The note appears once, even if both flags are set.
        const isFirst = outcomes[0]?.flag === flag;
        const texts = own.map(({ text }) => text).join('; ');
        const text = looksAtPaths && isFirst ? `${texts}; ${looksText(installation)}` : texts;
        return own.some(({ verdict }) => verdict === 'changed')
          ? findingIfSet(installation, flag, 'changed', text)
          : findingIfSet(installation, flag, 'kept', `\`rules\`: ${text}`);
      }),
      ...(hasPreflight
        ? findingIfSet(
            installation,
            'skip-auth-preflight',
            'kept',
            'the rule `preflight` and `allowPreflight`: every `OPTIONS` request of a browser is allowed without a token',
          )
        : []),
      ...addresses.findings,
    ],
    problems: addresses.problems,
  };
}

function looksText(installation: Installation): string {
  const ambiguous = 'ambiguous paths (`//`, `/../`, `%2F`, `;` and similar paths) get 400';
  const identity = 'a valid token on an open path sets no identity headers';
  const forbidden = isOn(installation, 'bearer-token-login-fallback', true)
    ? ''
    : ', and an invalid one there is ignored, for which oauth2-proxy answers 403';
  return `${ambiguous}, and ${identity}${forbidden}`;
}

function openRoute(entry: SkipEntry, opened: Opened[]): { rules: readonly Mapping[]; outcome: Outcome } {
  const { flag, text, method, expression, position } = entry;
  const outcome = (verdict: Verdict, of: string): Outcome => ({ flag, verdict, text: `\`${text}\` ${of}` });
  if (method === 'never')
    return { rules: [], outcome: outcome('kept', 'opens nothing: no method has this name') };
  const { patterns, isExact } = patternsWithin(readExpression(expression));
  const paths = patterns.filter((path) => !isOpen(path, method, opened));
  const name = `skip-${position}`;
  const verdict = isExact ? 'kept' : 'changed';
  const others = isExact ? '' : '; other paths that it matches still need a token';
  if (patterns.length === 0)
    return {
      rules: [],
      outcome: isExact
        ? outcome('kept', 'opens nothing: it matches no path')
        : outcome(
            'changed',
            `cannot be expressed as path patterns, so its paths still need a token; write a rule such as \`{name: ${name}, match: {paths: [/open]}, allow: anonymous}\``,
          ),
    };
  if (paths.length === 0)
    return { rules: [], outcome: outcome(verdict, `opens only paths that are already open${others}`) };
  opened.push({ paths, method });
  const rule = {
    name,
    match: { paths, ...(method === undefined ? {} : { methods: [method] }) },
    allow: 'anonymous',
  };
  return {
    rules: [rule],
    outcome: outcome(verdict, `becomes the rule \`${name}\`, which opens ${paths.join(' and ')}${others}`),
  };
}

/** Translates negated entries: rules that require a token for their paths, then a rule that opens all other paths. */
function openAllBut(
  entries: readonly SkipEntry[],
  opened: Opened[],
): { rules: readonly Mapping[]; outcomes: readonly Outcome[] } {
  const rules: Mapping[] = [];
  const outcomes: Outcome[] = [];
  // Rules for single methods come first, since a rule for all methods also matches their requests.
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
      if (method === 'never') add('kept', 'opens nothing: no method has this name');
      else if (isOpenAlready) add('kept', 'opens only paths that are already open');
      else if (around === undefined)
        add(
          'changed',
          `opens all paths except some, which path patterns cannot express exactly, so it opens none; write the rule \`{name: guarded, match: {paths: [/admin, "/admin/{**}"]}, require: {}}\` for paths that need a token, and after it \`{name: rest, allow: anonymous}\``,
        );
      else {
        position ||= at;
        guarded.push(...around.patterns);
        const isExact = around.isExact && own.length === 1;
        const guards = around.patterns.length === 0 ? 'nothing' : around.patterns.join(' and ');
        add(
          isExact ? 'kept' : 'changed',
          `requires a token for ${guards} and opens all other paths (\`skip-${position}\`)${isExact ? '' : '; more paths than before need a token'}`,
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
