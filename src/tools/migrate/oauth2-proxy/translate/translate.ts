/** From what an installation of oauth2-proxy was told to a configuration of ours, and what becomes of each setting. */

import { type Config, configSchema } from '../../../../config/declare/options.ts';
import { dotted } from '../../../../config/describe/option-list.ts';
import { ruleProblems } from '../../../../config/rules/rule-problems.ts';
import { nameIssuers } from '../../../../config/validate/issuer-names.ts';
import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import { verdictOf } from '../flags/verdicts.ts';
import type { Given, GivenSetting } from '../read/settings.ts';
import type { Part, TreeComment } from './by-kind.ts';
import { translateHeaders } from './headers.ts';
import { translateIssuers } from './issuers.ts';
import { translateListeners } from './listeners.ts';
import { translateLog } from './log.ts';
import { translateLogin } from './login.ts';
import { translateRules } from './rules.ts';
import { withoutWhiteSpace } from './white-space.ts';

/** What becomes of an installation of oauth2-proxy. */
export interface Outcome {
  /** One for each setting that was given, and some for what was not. */
  readonly findings: readonly Finding[];
}

/** A configuration in its place. */
export interface Translation extends Outcome {
  /** As a file says it: only what differs from the defaults. */
  readonly tree: Mapping;
  /** The same, with the defaults. */
  readonly config: Config;
  readonly comments: readonly TreeComment[];
}

/** Settings that no configuration can come of. */
export interface Incomplete extends Outcome {
  /** What is wrong in any case. */
  readonly problems: readonly Problem[];
  /** What would be lacking even if everything that is refused were accepted. */
  readonly lacking: readonly Problem[];
}

/**
 * Translates an installation. What is refused is left out of the configuration.
 *
 * @param compat whether answers are written as oauth2-proxy writes them
 */
export function translate(all: Given, compat: boolean): Translation | Incomplete {
  const { given, refusals } = withoutWhiteSpace(all);
  const parts: readonly Part[] = [
    translateIssuers(given),
    translateHeaders(given),
    translateRules(given),
    translateLogin(given, compat),
    translateListeners(given),
    translateLog(given),
  ];
  const problems = parts.flatMap((part) => part.problems ?? []);
  const said = Object.assign({}, ...parts.map((part) => part.config)) as Mapping;
  const tree = compat ? withoutFurtherHeaders(said) : said;
  const judged = parts.flatMap((part) => part.findings);
  const isJudged = new Set(judged.map(({ setting }) => setting));
  const others = [...given.settings.values()].filter(({ flag }) => !isJudged.has(flag)).map(inGeneral);
  const findings = [...all.findings.map(aloud), ...refusals, ...judged, ...others];
  const lacking = parts.flatMap((part) => part.lacking ?? []);
  if (problems.length + lacking.length > 0) return { findings, problems, lacking };
  const config = checked(tree);
  if ('problems' in config) return { findings, problems: config.problems, lacking };
  return { tree, config: config.config, comments: parts.flatMap((part) => part.comments ?? []), findings };
}

/** What `compat` would set of itself is not set where the installation did not. */
function withoutFurtherHeaders(tree: Mapping): Mapping {
  const { outputTokenToHeader = '', setAuthorizationHeader = false } = tree;
  return { ...tree, outputTokenToHeader, setAuthorizationHeader };
}

/** What becomes of a setting whose value makes no difference, but that it may be off. */
function inGeneral({ flag, value, source }: GivenSetting): Finding {
  const general = verdictOf(flag);
  if (general === undefined)
    return { setting: flag, source, verdict: 'refused', text: 'nothing is known of it here' };
  const { verdict, text } = general;
  const isOff = value === false || value === '' || (typeof value === 'object' && value.length === 0);
  return isOff && verdict !== 'meaningless'
    ? { setting: flag, source, verdict: 'meaningless', text: value === false ? 'it is off' : 'it is empty' }
    : { setting: flag, source, verdict, text };
}

/** Settings that ask for something, so that without them more passes. */
const asking = [
  'allowed-group',
  'allowed-role',
  'authenticated-emails-file',
  'email-domain',
  'entra-id-allowed-tenant',
  'gitlab-group',
];

/** A refusal of a reader, which does not know what is lost. */
function aloud(finding: Finding): Finding {
  return finding.verdict === 'refused' && asking.includes(finding.setting)
    ? { ...finding, text: `${finding.text}. WITHOUT IT THIS IS NO LONGER ASKED FOR` }
    : finding;
}

/** The whole configuration; what was given may be nothing that is possible. */
function checked(tree: Mapping): { readonly config: Config } | { readonly problems: readonly Problem[] } {
  const parsed = configSchema.safeParse(tree);
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
