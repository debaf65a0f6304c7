/** Reads environment variables of oauth2-proxy and the files that list them. */
import { suggestion } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import { readLooseValue } from '../flags/flag-value.ts';
import { type Flag, flagNamed, flags, variableName } from '../flags/flags.ts';
import type { Collected, FoundSetting, Variable } from './collected.ts';
import { whyUnknown } from './unknown-values.ts';

/** The settings that variables make, in the order of the variables. An empty variable makes none. */
export function settingsOfVariables(variables: readonly Variable[], collected: Collected): FoundSetting[] {
  const known = variablesOfFlags();
  return variables.flatMap(({ name, value, source, isChartDefault = false }) => {
    const flag = known.get(name);
    const why = whyUnused(name, value);
    if (why !== undefined) {
      collected.findings.push({ setting: name, source, verdict: 'meaningless', text: why });
      return [];
    }
    if (flag === undefined) {
      collected.findings.push(unknownVariable(name, source, [...known.keys()]));
      return [];
    }
    const reading = whyUnknown(value) === undefined ? readLooseValue(flag.kind, value) : { value };
    const foundSetting = { flag: flag.name, source, isChartDefault };
    if ('value' in reading) return [{ ...foundSetting, value: reading.value }];
    const problem = { path: name, source, message: `expected ${reading.expected}` };
    return [{ ...foundSetting, value: '', problem }];
  });
}

/** Reads a variable file: lines such as `NAME=value` or `export NAME='value'`, comments, and blank lines. */
export function readVariableFile(text: string, name: string, collected: Collected): void {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const source = `${name}:${index + 1}`;
    const [, variable, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (variable === undefined || value === undefined)
      collected.problems.push({
        path: '',
        source,
        message: 'expected a line such as `OAUTH2_PROXY_SCOPE=openid`',
      });
    else
      collected.variables.push({
        name: variable,
        value: withoutQuotes(value),
        source: `${source} ${variable}`,
      });
  }
}

/** Whether a text is a variable file: every line sets a variable, and at least one of them is for oauth2-proxy. */
export function isVariableFile(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(#.*)?$/.test(line));
  return (
    lines.every((line) => /^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*=/.test(line)) &&
    lines.some((line) => /^\s*(?:export\s+)?OAUTH2_PROXY_/.test(line))
  );
}

function whyUnused(name: string, value: string): string | undefined {
  if (!name.startsWith('OAUTH2_PROXY_')) return 'oauth2-proxy has no setting with this name';
  if (value === '') return 'it is empty and sets nothing';
  return isServiceLink(name, value) ? 'Kubernetes sets it for a Service' : undefined;
}

function withoutQuotes(value: string): string {
  const [, double, single] = /^(?:"(.*)"|'(.*)')\s*(?:#.*)?$/.exec(value) ?? [];
  return double ?? single ?? value.replace(/\s+#.*$/, '');
}

function variablesOfFlags(): ReadonlyMap<string, Flag> {
  const google = flagNamed('google-group');
  return new Map([
    ...flags.map((flag) => [variableName(flag), flag] as const),
    ...(google === undefined ? [] : [['OAUTH2_PROXY_GOOGLE_GROUP', google] as const]),
  ]);
}

function unknownVariable(name: string, source: string, known: readonly string[]): Finding {
  const text = `oauth2-proxy reads no variable with this name${suggestion(name, known)}`;
  return { setting: name, source, verdict: 'meaningless', text };
}

/** Whether Kubernetes set the variable for a Service named `oauth2-proxy` or `oauth2-proxy-…`. */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_|$)/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name) ||
    (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value))
  );
}
