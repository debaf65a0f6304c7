/** Reads a docker compose file: the service that runs oauth2-proxy. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { NamedText } from '../../../named-text.ts';
import { guardingAnnotation } from '../cluster/object-kinds.ts';
import { isProxy } from '../cluster/pods.ts';
import { initWordCount, isProxyProgram } from '../cluster/program.ts';
import { type Collected, emptyCollection, type Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { readVariableFile } from '../environment.ts';
import { baseName } from '../file-names.ts';
import { substitute, type VariableOf } from '../substitution.ts';
import { assumedVariableFinding } from '../unknown-values.ts';
import { child, elements, fields, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';
import { createFileFinder, filesOf, sourcesOf } from './compose-files.ts';

/** Fields of a service that do not affect access. */
const harmless = [
  ...['attach', 'blkio_config', 'build', 'cap_add', 'cap_drop', 'cgroup_parent', 'configs', 'container_name'],
  ...['cpu_count', 'cpus', 'depends_on', 'deploy', 'dns', 'dns_search', 'expose', 'extra_hosts'],
  ...['healthcheck', 'hostname', 'image', 'init', 'labels', 'links', 'logging', 'mem_limit', 'network_mode'],
  ...['networks', 'platform', 'ports', 'profiles', 'pull_policy', 'read_only', 'restart', 'scale', 'secrets'],
  ...['security_opt', 'stop_grace_period', 'sysctls', 'tmpfs', 'tty', 'ulimits', 'user', 'volumes'],
  ...['working_dir', 'annotations', 'stdin_open', 'stop_signal', 'domainname', 'pids_limit', 'shm_size'],
  ...['cpu_period', 'cpu_quota', 'cpu_shares', 'cpuset', 'group_add', 'mac_address', 'mem_reservation'],
  ...['mem_swappiness', 'memswap_limit', 'oom_kill_disable', 'oom_score_adj', 'storage_opt', 'userns_mode'],
];
const read = ['command', 'entrypoint', 'environment', 'env_file'];

/** Whether a document is a docker compose file: services with an image or a build. */
export function isCompose(document: YamlNode): boolean {
  const services = fields(child(document, 'services'));
  return (
    services.length > 0 &&
    services.every(
      ([, { value }]) => isMapping(value) && ('image' in value || 'build' in value || 'extends' in value),
    )
  );
}

/** The inputs for a compose file. */
export interface ComposeContext {
  /** All input files, for the paths that a service names. */
  readonly files: readonly NamedText[];
  /** The input files that contain variables. */
  readonly variableFiles: readonly NamedText[];
  /** The variables of the shell. */
  readonly variableOf: VariableOf;
}

/**
 * Reads the service that runs oauth2-proxy.
 *
 * @returns the locations of the services that run it; more than one is a problem
 */
export function readCompose(
  document: YamlNode,
  context: ComposeContext,
  collected: Collected,
): readonly string[] {
  const services = fields(child(document, 'services'));
  const proxies = services.filter(([name, service]) => runsProxy(name, service));
  for (const [name, node] of services)
    if (!runsProxy(name, node))
      collected.findings.push({
        setting: `services.${name}`,
        source: locationOf(node),
        verdict: 'refused',
        text: 'it is not read: it runs another program',
      });
  for (const [name, node] of fields(document))
    if (
      !['services', 'version', 'name', 'networks', 'volumes', 'configs', 'secrets'].includes(name) &&
      !name.startsWith('x-')
    )
      collected.findings.push({
        setting: name,
        source: locationOf(node),
        verdict: 'refused',
        text: 'it is not read: the field is unknown',
      });
  const [first] = proxies;
  if (first !== undefined) readService(first[0], first[1], document, context, collected);
  return proxies.map(([, node]) => locationOf(node));
}

function runsProxy(name: string, service: YamlNode): boolean {
  const words = (list: string) => wordsOf(child(service, list), list, nothingKnown).map(({ text }) => text);
  return isProxy({
    ...service,
    path: [],
    value: {
      name,
      image: child(service, 'image').value,
      command: words('entrypoint'),
      args: words('command'),
      env: variablesOf(child(service, 'environment'), nothingKnown).map((one) => ({ name: one.name })),
    },
  });
}

function readService(
  name: string,
  service: YamlNode,
  document: YamlNode,
  context: ComposeContext,
  collected: Collected,
): void {
  const { files, variableFiles } = context;
  const entry = child(service, 'env_file');
  const others = new Set(variableFiles.map((file) => file.name));
  const named = Array.isArray(entry.value) ? elements(entry) : entry.value === undefined ? [] : [entry];
  const pathOf = (node: YamlNode) => scalarText(isMapping(node.value) ? child(node, 'path') : node) ?? '';
  const findFile = createFileFinder(files, [...named.map(pathOf), ...sourcesOf(service, document)]);
  for (const node of named) {
    const path = pathOf(node);
    const file = findFile(path);
    if (file !== undefined) {
      others.delete(file.name);
      readVariableFile(file.text, file.name, collected);
      continue;
    }
    const text = `it may set any variable, and ${path} is not among the files; pass it as well`;
    collected.findings.push({ setting: 'env_file', source: locationOf(node), verdict: 'refused', text });
  }
  for (const file of others)
    collected.findings.push({
      setting: file,
      source: file,
      verdict: baseName(file) === '.env' ? 'meaningless' : 'refused',
      text:
        baseName(file) === '.env'
          ? 'docker compose replaces variables of the compose file with it and passes it to no service'
          : 'it is not read: the service has no `env_file` with this name',
    });
  const known = withDotEnv(context, collected);
  collected.variables.push(...variablesOf(child(service, 'environment'), known));
  collected.mounts.push(filesOf(service, document, findFile));
  reportGuards(name, service, collected);
  const words = wordsOf(child(service, 'command'), 'command', known);
  const entrypoint = wordsOf(child(service, 'entrypoint'), 'entrypoint', known);
  const all = [...entrypoint, ...words];
  const before = initWordCount(all.map(({ text }) => text));
  const isInit = before > 0 && entrypoint.length > 0;
  const [program, ...tail] = isInit ? all.slice(before) : entrypoint;
  if (program !== undefined && !isProxyProgram(program.text)) {
    const message = 'it does not start oauth2-proxy; pass the flags after `--`';
    collected.problems.push({ path: 'entrypoint', source: program.location ?? '', message });
    return;
  }
  const [first] = words.slice(before);
  const own = isProxyProgram(first?.text ?? '') ? words.slice(before + 1) : words;
  readCommandLine(isInit ? tail : [...tail, ...own], collected);
  for (const [field, node] of fields(service))
    if (!harmless.includes(field) && !read.includes(field) && !field.startsWith('x-'))
      collected.findings.push({
        setting: `services.${name}.${field}`,
        source: locationOf(node),
        verdict: 'refused',
        text: 'it is not read: the field is unknown',
      });
  const rest = fields(service).flatMap(([field]) => (harmless.includes(field) ? [field] : []));
  const top = fields(document).flatMap(([field]) => (field === 'services' ? [] : [field]));
  collected.findings.push({
    setting: `services.${name}`,
    source: locationOf(service),
    verdict: 'meaningless',
    text: `apart from its settings, it only says how it runs: ${[...rest, ...top].join(', ')}`,
  });
}

/** The known variables, for references in the compose file. */
interface Known {
  readonly variableOf: VariableOf;
  /** Is called for a variable whose default is assumed. */
  readonly assumed: (name: string, at: YamlNode) => void;
}

const nothingKnown: Known = { variableOf: () => undefined, assumed: () => {} };

/** The variables of the shell and of `.env`. Without `.env`, other variables may be set that are unknown here. */
function withDotEnv({ variableFiles, variableOf }: ComposeContext, { findings, problems }: Collected): Known {
  const read = emptyCollection();
  const files = variableFiles.filter(({ name }) => baseName(name) === '.env');
  for (const { name, text } of files) readVariableFile(text, name, read);
  problems.push(...read.problems);
  const reported = new Set<string>();
  return {
    variableOf: (name) =>
      variableOf(name) ?? read.variables.findLast((variable) => variable.name === name)?.value,
    assumed: (name, at) => {
      if (files.length > 0 || reported.has(name)) return;
      reported.add(name);
      findings.push(assumedVariableFinding(name, locationOf(at)));
    },
  };
}

/** Reports labels that make a reverse proxy such as Traefik restrict access. */
function reportGuards(name: string, service: YamlNode, { findings }: Collected): void {
  for (const list of [
    child(service, 'labels'),
    child(service, 'deploy', 'labels'),
    child(service, 'annotations'),
  ])
    for (const [label, at] of isMapping(list.value) ? fields(list) : elements(list).map(labelOf))
      if (guardingAnnotation.test(label))
        findings.push({
          setting: `services.${name}.labels.${label}`,
          source: locationOf(at),
          verdict: 'refused',
          text: 'it is not read: it restricts access at the gateway',
        });
}

function labelOf(entry: YamlNode): [name: string, at: YamlNode] {
  return [(scalarText(entry) ?? '').split('=')[0] ?? '', entry];
}

/** Splits a command: a list of words, or a line of a shell. */
function wordsOf(node: YamlNode, label: string, { variableOf, assumed }: Known): Word[] {
  const at = (entry: YamlNode) => `${locationOf(entry)} ${label}`;
  const put = (text: string, entry: YamlNode) =>
    substitute(text, variableOf, (name) => {
      if (!isLoginWord.test(text)) assumed(name, entry);
    });
  if (Array.isArray(node.value))
    return elements(node).map((entry) => ({
      text: put(scalarText(entry) ?? '', entry),
      location: at(entry),
    }));
  const text = scalarText(node);
  return text === undefined
    ? []
    : shellWords(put(text, node)).map((word) => ({ text: word, location: at(node) }));
}

/** A word that only sets a secret for logins, which oidc-authz does not need. */
const isLoginWord = /^--(client|cookie)-secret=\S*$/;

/** Splits a line as a shell does: at blanks outside quotes. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /\\\n|\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g,
      (_, escaped?: string, double?: string, single?: string) =>
        escaped ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? single ?? '',
    ),
  );
}

/** Reads a mapping, or a list of `NAME=value`; a name alone takes its value from the shell. */
function variablesOf(node: YamlNode, { variableOf, assumed }: Known): Variable[] {
  const validNames = (name: string, value: string | undefined, at: YamlNode): Variable => ({
    name,
    value: substitute(value ?? `\${${name}}`, variableOf, (variable) => {
      if (!/^OAUTH2_PROXY_(CLIENT|COOKIE)_SECRET$/.test(name)) assumed(variable, at);
    }),
    source: `${locationOf(at)} environment ${name}`,
  });
  if (isMapping(node.value))
    return fields(node).map(([name, entry]) => validNames(name, scalarText(entry), entry));
  return elements(node).flatMap((entry) => {
    const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(scalarText(entry) ?? '') ?? [];
    return name === undefined ? [] : [validNames(name, value, entry)];
  });
}
