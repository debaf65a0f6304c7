/** The order of precedence of oauth2-proxy: a flag wins over a variable, and a variable over a key of the file. */
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import { flagNamed } from '../flags/flags.ts';
import { verdictOf } from '../flags/verdicts.ts';
import { isReplacedByAlpha } from '../read/alpha/alpha-fields.ts';
import type { FoundSetting } from '../read/collected.ts';
import type { Setting } from '../read/setting.ts';
import { whyUnknown } from '../read/unknown-values.ts';
import { placeholderIn } from './placeholders.ts';

/** Replaces the value of a secret. */
const secretMark = '(not stored)';

/** The settings of each source, from the weakest to the strongest, in the order of the input. */
export interface Layers {
  readonly keys: readonly FoundSetting[];
  readonly variables: readonly FoundSetting[];
  readonly flags: readonly FoundSetting[];
}

/** The settings that apply, and the findings for the others. */
export interface Merged {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Selects the value of each setting. An overridden or unknown value becomes a finding. */
export function applyPrecedence({ keys, variables, flags }: Layers): Merged {
  const foundSettings = Map.groupBy([...keys, ...variables, ...flags], ({ flag }) => flag);
  const fromFlags = new Set(flags);
  const settings = new Map<string, Setting>();
  const findings: Finding[] = [];
  const problems: Problem[] = [];
  for (const [flag, all] of foundSettings) {
    const isSecret = flagNamed(flag)?.isSecret === true;
    const fromArguments = all.filter(
      ({ isFromArguments = false, value }) =>
        isFromArguments && (typeof value === 'boolean' || value.length > 0),
    );
    // A flag after `--` replaces an unknown value from any source.
    const replaced =
      fromArguments.length === 0 || isSecret
        ? []
        : all.filter((one) => isUnknownValue(one) && !fromArguments.includes(one));
    const [winner, overridden] = chosen(
      flag,
      all.filter((one) => !replaced.includes(one)),
      fromFlags,
    );
    for (const { source } of [...replaced, ...overridden])
      findings.push({ setting: flag, source, verdict: 'meaningless', text: `${winner.source} overrides it` });
    if (winner.problem !== undefined) problems.push(winner.problem);
    const why = isSecret
      ? undefined
      : (whyUnknown(winner.value) ??
        (fromArguments.length > 0 ? undefined : whyPlaceholder(flag, winner.value)));
    if (why !== undefined)
      findings.push({ setting: flag, source: winner.source, verdict: 'refused', text: why });
    else
      settings.set(flag, {
        flag,
        value: isSecret ? withoutSecret(winner.value) : winner.value,
        source: winner.source,
      });
  }
  return { settings, findings, problems };
}

/** Whether a value is unknown, so a flag after `--` replaces it. */
function isUnknownValue({ flag, value, isFromArguments = false }: FoundSetting): boolean {
  return whyUnknown(value) !== undefined || (!isFromArguments && whyPlaceholder(flag, value) !== undefined);
}

/** Explains why a placeholder cannot be used; undefined if there is none, or if the setting has no meaning here. */
function whyPlaceholder(flag: string, value: Setting['value']): string | undefined {
  if (verdictOf(flag)?.verdict === 'meaningless' && flag !== 'provider') return undefined;
  const found = placeholderIn(flag, value);
  return found === undefined
    ? undefined
    : `it contains the placeholder \`${found}\`; replace it with its value, or pass the setting as a flag after \`--\``;
}

/**
 * Removes settings that an alpha configuration replaces. oauth2-proxy does not start with such flags and keys, and
 * ignores such variables. A flag after `--` stays if it supplies a value that is unknown in the alpha configuration.
 *
 * @param alpha the settings of the alpha configuration
 */
export function withoutReplacedByAlpha(
  layers: Layers,
  alpha: readonly FoundSetting[],
): {
  readonly layers: Layers;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
} {
  const unknownFlags = new Set(alpha.filter(isUnknownValue).map(({ flag }) => flag));
  const isReplaced = ({ flag, isFromArguments = false }: FoundSetting) =>
    isReplacedByAlpha(flag) && !(isFromArguments && unknownFlags.has(flag));
  const message =
    'oauth2-proxy does not start with this setting and an alpha configuration; set it in the alpha configuration';
  const wrong = [...layers.keys, ...layers.flags].filter(
    (one) => isReplaced(one) && one.isChartDefault !== true,
  );
  const ignored = layers.variables.filter(isReplaced);
  const text = 'oauth2-proxy ignores it with an alpha configuration, unless that refers to the variable';
  const hasEffect = (one: FoundSetting) => !isReplaced(one) || one.isChartDefault === true;
  return {
    layers: {
      keys: layers.keys.filter(hasEffect),
      variables: layers.variables.filter((one) => !isReplaced(one)),
      flags: layers.flags.filter(hasEffect),
    },
    findings: ignored.map(({ flag, source }) => ({ setting: flag, source, verdict: 'meaningless', text })),
    problems: wrong.map(({ flag, source }) => ({ path: flag, source, message })),
  };
}

function chosen(
  flag: string,
  all: readonly FoundSetting[],
  fromFlags: ReadonlySet<FoundSetting>,
): [winner: FoundSetting, overridden: readonly FoundSetting[]] {
  const last = all.at(-1) as FoundSetting;
  const flagSettings = all.filter((one) => fromFlags.has(one));
  // A list flag may occur several times; all its values count.
  const isCombined = flagNamed(flag)?.kind === 'list' && flagSettings.length > 0;
  const winner = isCombined ? combined(flag, flagSettings) : last;
  const overridden = all.filter(
    (one) =>
      one !== last &&
      !(isCombined && fromFlags.has(one)) &&
      one.isChartDefault !== true &&
      JSON.stringify(one.value) !== JSON.stringify(winner.value),
  );
  return [winner, overridden];
}

function combined(flag: string, flagSettings: readonly FoundSetting[]): FoundSetting {
  const unknownValue = flagSettings.find(({ value }) => whyUnknown(value) !== undefined);
  if (unknownValue !== undefined) return unknownValue;
  const [first = '', ...more] = new Set(flagSettings.map(({ source }) => source));
  const value = [...new Set(flagSettings.flatMap((one) => (Array.isArray(one.value) ? one.value : [])))];
  // One empty value is an empty list.
  const isNone = value.length === 1 && value[0] === '';
  return {
    flag,
    value: isNone ? [] : value,
    source: more.length === 0 ? first : `${first} and ${more.length} more`,
  };
}

function withoutSecret(value: Setting['value']): Setting['value'] {
  if (typeof value === 'string') return value === '' ? value : secretMark;
  return Array.isArray(value) ? value.map(() => secretMark) : value;
}
