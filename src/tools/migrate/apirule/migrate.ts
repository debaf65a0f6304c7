/** `oidc-authz migrate apirule`: converts APIRules in v1beta1 to APIRules in v2 and a configuration of oidc-authz. */

import { yamlText } from '../../../config/describe/yaml-text.ts';
import { loadConfig } from '../../../config/load/load.ts';
import { hostPatternProblem } from '../../../config/rules/host-patterns.ts';
import { ConfigError, type Problem, suggestion } from '../../../config/validate/problems.ts';
import type { NamedText } from '../named-text.ts';
import { notAccepted, reportText } from '../report.ts';
import { type ApiRule, knownNames, readApiRule } from './read/apirule.ts';
import { findApiRules } from './read/documents.ts';
import { configurationOf, type HostRules } from './report/configuration.ts';
import { manifestsOf } from './report/manifest.ts';
import { createReport, type Report } from './translate/findings.ts';
import type { HandlerContext } from './translate/handler-context.ts';
import { createIssuers, type Issuers } from './translate/issuers.ts';
import { requestChanges } from './translate/mutators.ts';
import { ordered } from './translate/order.ts';
import type { ReadRule } from './translate/path-rules.ts';
import { planPathRules } from './translate/plan.ts';
import { ruleAccess } from './translate/strategies.ts';

/** The output: APIRules and configuration, one of them, or the configuration as values of the chart. */
export type ApiRuleOutput = 'all' | 'apirule' | 'config' | 'values';

/** The input and the flags of the command line. */
export interface ApiRuleMigration {
  readonly files: readonly NamedText[];
  /** The issuer for handlers that name none: `oauth2_introspection`, and `jwt` without `trusted_issuers`. */
  readonly issuer?: string | undefined;
  /** The audiences for tokens of `oauth2_introspection`; a token must have one of them. */
  readonly audiences?: readonly string[];
  /** The domain for hosts that are only a label; without it such hosts are refused. */
  readonly domain?: string | undefined;
  /** The name of the authorizer in the mesh. */
  readonly authorizer: string;
  readonly output: ApiRuleOutput;
  /** Names of settings that the operator accepts to lose. */
  readonly accept: readonly string[];
}

/** `output` is for stdout, `report` for stderr. */
export interface ApiRuleResult {
  readonly output: string;
  readonly report: string;
  /** 0, or 3 if a setting is refused and not accepted; then `output` is empty. */
  readonly exitCode: 0 | 3;
}

/**
 * Migrates the APIRules of the files.
 *
 * @throws ConfigError with all problems of the input
 */
export async function migrateApiRule(migration: ApiRuleMigration): Promise<ApiRuleResult> {
  const { files, authorizer, accept, output } = migration;
  const found = findApiRules(files);
  const read = found.apiRules.map(readApiRule);
  const valid = read.filter((one): one is ApiRule => 'spec' in one);
  const problems: Problem[] = [
    ...found.problems,
    ...read.flatMap((one) => ('spec' in one ? [] : one)),
    ...repeatedHosts(valid),
  ];
  if (problems.length > 0) throw new ConfigError(problems);

  const report = createReport(accept);
  const issuers = createIssuers(report);
  for (const { verdict, setting, source, text } of found.findings) report.add(verdict, setting, source, text);
  const translated = valid.map((one) => translate(one, migration, issuers, report));
  mentionIssuerOption(migration, issuers, translated);
  const config = configurationOf(translated, issuers, report);
  const manifests = translated.flatMap(({ original: one, hosts, pathRules }) =>
    manifestsOf(one, hosts, pathRules, authorizer, report),
  );
  const text = reportText(report.findings, accept);
  if (notAccepted(report.findings, accept).length > 0) return { output: '', report: text, exitCode: 3 };
  if (config !== undefined) await assertLoads(config);
  return { output: written(manifests, config, output), report: text, exitCode: 0 };
}

interface Translated extends HostRules {
  readonly original: ApiRule;
}

function translate(
  original: ApiRule,
  migration: ApiRuleMigration,
  issuers: Issuers,
  report: Report,
): Translated {
  const { spec, label, place, isIstio, metadata } = original;
  reportFields(original, report);
  report.add(
    'changed',
    'apiVersion',
    `${place(['rules'])} ${label}`,
    'v2 needs a sidecar in the workload, and denies calls from within the cluster unless one of your AuthorizationPolicies allows them',
  );
  const rules = spec.rules.map((rule, index): ReadRule => {
    const sourceOf = (...path: readonly PropertyKey[]) =>
      `${place(['rules', index, ...path])} ${label} rules[${index}]`;
    const contextOf = (at: number): HandlerContext => ({
      report,
      issuers,
      source: (...path) => sourceOf('accessStrategies', at, ...(path.length > 0 ? ['config', ...path] : [])),
      issuer: migration.issuer,
      audiences: migration.audiences ?? [],
    });
    const { access, route } = ruleAccess(rule, contextOf);
    const request = requestChanges(rule.mutators, {
      report,
      source: (at) => sourceOf('mutators', at),
      isIstio: isIstio && rule.accessStrategies.some(({ handler }) => handler === 'jwt'),
      isApplied: route === 'checked',
    });
    return { index, original: rule, access, route, request, source: sourceOf('path') };
  });
  const pathRules = ordered(planPathRules(rules, isIstio, report), isIstio, report);
  const isGuarded = pathRules.some(({ access }) => access.kind !== 'open');
  const hosts = hostsOf(original, migration.domain, isGuarded, report);
  if (pathRules.length === 0) report.refuse('rules', `${place(['rules'])} ${label}`, 'no rule is left');
  return { original, name: metadata.name, hosts, pathRules };
}

/**
 * Completes the hosts. Our rules compare the whole name, which v1beta1 and v2 complete with the domain of the gateway
 * or the cluster.
 */
function hostsOf(
  { spec, label, place }: ApiRule,
  domain: string | undefined,
  isGuarded: boolean,
  report: Report,
): string[] {
  const names = [...new Set([...(spec.host ? [spec.host] : []), ...(spec.hosts ?? [])])];
  return names.map((host) => {
    const source = `${place([spec.host === host ? 'host' : 'hosts'])} ${label}`;
    const lower = host.toLowerCase();
    const full = lower.includes('.') || domain === undefined ? lower : `${lower}.${domain.toLowerCase()}`;
    if (hostPatternProblem(full) !== undefined || !/^(\*\.)?[a-z0-9.-]+$/.test(full))
      report.refuse('host', source, 'v2 does not accept such a host');
    // If nothing is guarded, none of our rules compares the host, and v2 completes it as v1beta1 does.
    else if (!full.includes('.') && isGuarded)
      report.refuse(
        'host',
        source,
        `rules compare the whole host name, and ${full} is only its first label; pass --domain NAME`,
      );
    else report.add('kept', 'host', source, `the host ${full}`);
    return full;
  });
}

/** If no rule requires a token but some deny, the configuration still needs an issuer. */
function mentionIssuerOption(
  { issuer }: ApiRuleMigration,
  issuers: Issuers,
  all: readonly Translated[],
): void {
  const isNamed = all.some(({ pathRules }) => pathRules.some(({ access }) => access.kind === 'token'));
  if (issuer !== undefined && !isNamed)
    issuers.mention({ issuer, jwksUri: undefined, setting: 'issuer', source: 'flag --issuer' });
}

/** Reports fields that stay unchanged, and unknown fields. */
function reportFields({ spec, label, place }: ApiRule, report: Report): void {
  const reportNames = (
    value: object | null | undefined,
    known: readonly string[],
    ...path: readonly PropertyKey[]
  ) => {
    for (const name of Object.keys(value ?? {}))
      if (!known.includes(name))
        report.add(
          'meaningless',
          name,
          `${place([...path, name])} ${label}`,
          `v1beta1 has no such field and ignores it${suggestion(name, known)}`,
        );
    for (const name of ['service', 'timeout'])
      if (known.includes(name) && Object.entries(value ?? {}).some(([key, one]) => key === name && one))
        report.add('kept', name, `${place([...path, name])} ${label}`, `\`${name}\``);
  };
  reportNames(spec, knownNames.spec);
  reportNames(spec.service, knownNames.service, 'service');
  reportNames(spec.corsPolicy, knownNames.corsPolicy, 'corsPolicy');
  for (const [index, rule] of spec.rules.entries()) {
    reportNames(rule, knownNames.rule, 'rules', index);
    reportNames(rule.service, knownNames.service, 'rules', index, 'service');
  }
}

/** In v1beta1, as in our rules, a host belongs to one APIRule: the first one would hide the second. */
function repeatedHosts(all: readonly ApiRule[]): Problem[] {
  const owners = new Map<string, string>();
  return all.flatMap(({ spec, label, place }) =>
    [...new Set([spec.host ?? [], spec.hosts ?? []].flat())].flatMap((host) => {
      const owner = owners.get(host.toLowerCase());
      owners.set(host.toLowerCase(), owner ?? label);
      return owner === undefined
        ? []
        : [{ path: 'spec.host', source: place(['host']), message: `${owner} already has this host` }];
    }),
  );
}

/** Asserts that the configuration loads before it is printed. */
async function assertLoads(config: object): Promise<void> {
  const text = yamlText(config);
  await loadConfig({
    flags: [{ name: '--config', value: 'the resulting configuration' }],
    environment: {},
    readFile: () => text,
  });
}

function written(manifests: readonly object[], config: object | undefined, output: ApiRuleOutput): string {
  const apiRules = manifests.map((one) => yamlText(one));
  if (output === 'apirule') return apiRules.join('---\n');
  const none = '# No path is guarded, so nothing needs the authorizer.\n';
  if (output === 'values') return config === undefined ? none : yamlText({ config });
  if (output === 'config') return config === undefined ? none : yamlText(config);
  const comment = 'The configuration of oidc-authz. It is not a manifest; --output config prints it alone.';
  return [...apiRules, config === undefined ? none : yamlText(config, { comment })].join('---\n');
}
