/** Translates the settings of an installation of oauth2-proxy to a configuration of oidc-authz. */

import { type Config, configSchema } from '../../../../config/declare/options.ts';
import { dotted } from '../../../../config/describe/option-list.ts';
import { ruleProblems } from '../../../../config/rules/rule-problems.ts';
import { zodOf } from '../../../../config/schema/to-zod.ts';
import { nameIssuers } from '../../../../config/validate/issuer-names.ts';
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import { verdictOf } from '../flags/verdicts.ts';
import type { Installation } from '../merge/installation.ts';
import type { Setting } from '../read/setting.ts';
import { translateHeaders } from './headers.ts';
import { translateIssuers } from './issuers.ts';
import { translateListeners } from './listeners.ts';
import { translateLog } from './log.ts';
import { translateLogin } from './login.ts';
import type { Part, TreeComment } from './part.ts';
import { translateRules } from './rules.ts';
import { withoutWhiteSpace } from './white-space.ts';

/** The findings of a translation. */
export interface Outcome {
  /** One for each setting, and some for settings that are not set. */
  readonly findings: readonly Finding[];
}

/** A complete configuration. */
export interface Translation extends Outcome {
  /** The options that differ from the defaults, as in a file. */
  readonly options: Mapping;
  /** The same configuration with the defaults. */
  readonly config: Config;
  readonly comments: readonly TreeComment[];
}

/** Settings that do not make a configuration. */
export interface Incomplete extends Outcome {
  /** Problems in any case. */
  readonly problems: readonly Problem[];
  /** Problems that remain after all refused settings are accepted. */
  readonly lacking: readonly Problem[];
}

/**
 * Translates an installation. Refused settings are left out of the configuration.
 *
 * @param compat whether to set `compat: oauth2-proxy`
 */
export function translate(all: Installation, compat: boolean): Translation | Incomplete {
  const { installation, refusals } = withoutWhiteSpace(all);
  const parts: readonly Part[] = [
    translateIssuers(installation),
    translateHeaders(installation),
    translateRules(installation),
    translateLogin(installation, compat),
    translateListeners(installation),
    translateLog(installation),
  ];
  const problems = parts.flatMap((part) => part.problems ?? []);
  const own = Object.assign({}, ...parts.map((part) => part.config)) as Mapping;
  const options = compat ? withoutFurtherHeaders(own) : own;
  const findingIfSet = parts.flatMap((part) => part.findings);
  const isJudged = new Set(findingIfSet.map(({ setting }) => setting));
  const others = [...installation.settings.values()]
    .filter(({ flag }) => !isJudged.has(flag))
    .map(generalFinding);
  const findings = [...all.findings.map(withWarning), ...refusals, ...findingIfSet, ...others];
  const lacking = parts.flatMap((part) => part.lacking ?? []);
  if (problems.length + lacking.length > 0) return { findings, problems, lacking };
  const config = validate(options);
  if ('problems' in config) return { findings, problems: config.problems, lacking };
  return { options, config: config.config, comments: parts.flatMap((part) => part.comments ?? []), findings };
}

/** Disables the headers that `compat` sets by default and the installation does not. */
function withoutFurtherHeaders(options: Mapping): Mapping {
  const { outputTokenToHeader = '', setAuthorizationHeader = false } = options;
  return { ...options, outputTokenToHeader, setAuthorizationHeader };
}

/** The finding for a setting whose value makes no difference, unless it is off or empty. */
function generalFinding({ flag, value, source }: Setting): Finding {
  const general = verdictOf(flag);
  if (general === undefined)
    return { setting: flag, source, verdict: 'refused', text: 'the setting is unknown' };
  const { verdict, text } = general;
  const isOff = value === false || value === '' || (typeof value === 'object' && value.length === 0);
  return isOff && verdict !== 'meaningless'
    ? { setting: flag, source, verdict: 'meaningless', text: value === false ? 'it is off' : 'it is empty' }
    : { setting: flag, source, verdict, text };
}

/** Settings that require something; without them more requests are allowed. */
const requirementSettings = [
  'allowed-group',
  'allowed-role',
  'authenticated-emails-file',
  'email-domain',
  'entra-id-allowed-tenant',
  'gitlab-group',
];

/** Adds a warning to a refused finding of a reader. */
function withWarning(finding: Finding): Finding {
  return finding.verdict === 'refused' && requirementSettings.includes(finding.setting)
    ? { ...finding, text: `${finding.text}. WITHOUT IT THIS IS NO LONGER REQUIRED` }
    : finding;
}

/** Validates the whole configuration. */
function validate(options: Mapping): { readonly config: Config } | { readonly problems: readonly Problem[] } {
  const parsed = zodOf(configSchema).safeParse(options);
  const problem = (path: readonly PropertyKey[], message: string): Problem => ({
    path: dotted(path),
    source: 'translated',
    message,
  });
  if (!parsed.success)
    return { problems: parsed.error.issues.map(({ path, message }) => problem(path, message)) };
  const config: Config = { ...parsed.data, issuers: nameIssuers(parsed.data.issuers) };
  const problems = ruleProblems(config).map(({ path, message }) => problem(path, message));
  return problems.length > 0 ? { problems } : { config };
}
