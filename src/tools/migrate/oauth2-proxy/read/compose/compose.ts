/** A file of docker compose: the service that runs oauth2-proxy. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import { guardingAnnotation } from '../cluster/object-kinds.ts';
import { isProxy } from '../cluster/pods.ts';
import { isProxyProgram, wordsOfInit } from '../cluster/program.ts';
import { type Gathered, nothingGathered, type Variable } from '../collected.ts';
import { readCommandLine, type Word } from '../command-line.ts';
import { readVariableFile } from '../environment.ts';
import type { NamedText } from '../file-kind.ts';
import { baseName } from '../file-names.ts';
import { assumedVariable } from '../hidden-parts.ts';
import { child, elements, fields, place, type Spot, scalarText } from '../location.ts';
import { substitute, type VariableOf } from '../substitution.ts';
import { filesOf, finderOf, sourcesOf } from './compose-files.ts';

/** What a service says beside what it is told to run. */
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

/** Whether a document is of docker compose: services, each with an image or what to build. */
export function isCompose(document: Spot): boolean {
  const services = fields(child(document, 'services'));
  return (
    services.length > 0 &&
    services.every(
      ([, { value }]) => isMapping(value) && ('image' in value || 'build' in value || 'extends' in value),
    )
  );
}

/** What a compose file is read with. */
export interface ComposeContext {
  /** The files that were given, for what a service names. */
  readonly files: readonly NamedText[];
  /** Those of them that hold variables. */
  readonly variableFiles: readonly NamedText[];
  /** The variables of the shell. */
  readonly variableOf: VariableOf;
}

/**
 * Reads the service that runs oauth2-proxy.
 *
 * @returns where each service that runs it stands; more than one is a problem
 */
export function readCompose(document: Spot, context: ComposeContext, gathered: Gathered): readonly string[] {
  const services = fields(child(document, 'services'));
  const proxies = services.filter(([name, service]) => runsProxy(name, service));
  for (const [name, spot] of services)
    if (!runsProxy(name, spot))
      gathered.findings.push({
        setting: `services.${name}`,
        source: place(spot),
        verdict: 'refused',
        text: 'it is not read: it runs another program',
      });
  for (const [name, spot] of fields(document))
    if (
      !['services', 'version', 'name', 'networks', 'volumes', 'configs', 'secrets'].includes(name) &&
      !name.startsWith('x-')
    )
      gathered.findings.push({
        setting: name,
        source: place(spot),
        verdict: 'refused',
        text: 'it is not read: nothing is known of it here',
      });
  const [first] = proxies;
  if (first !== undefined) readService(first[0], first[1], document, context, gathered);
  return proxies.map(([, spot]) => place(spot));
}

function runsProxy(name: string, service: Spot): boolean {
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
  service: Spot,
  document: Spot,
  context: ComposeContext,
  gathered: Gathered,
): void {
  const { files, variableFiles } = context;
  const entry = child(service, 'env_file');
  const others = new Set(variableFiles.map((file) => file.name));
  const named = Array.isArray(entry.value) ? elements(entry) : entry.value === undefined ? [] : [entry];
  const pathOf = (spot: Spot) => scalarText(isMapping(spot.value) ? child(spot, 'path') : spot) ?? '';
  const given = finderOf(files, [...named.map(pathOf), ...sourcesOf(service, document)]);
  for (const spot of named) {
    const path = pathOf(spot);
    const file = given(path);
    if (file !== undefined) {
      others.delete(file.name);
      readVariableFile(file.text, file.name, gathered);
      continue;
    }
    const text = `it may set anything, and ${path} is not among the files; give that as well`;
    gathered.findings.push({ setting: 'env_file', source: place(spot), verdict: 'refused', text });
  }
  for (const file of others)
    gathered.findings.push({
      setting: file,
      source: file,
      verdict: baseName(file) === '.env' ? 'meaningless' : 'refused',
      text:
        baseName(file) === '.env'
          ? 'docker compose puts its variables into the file, and gives them to no service'
          : 'it is not read: the service has no `env_file` of this name',
    });
  const known = withDotEnv(context, gathered);
  gathered.variables.push(...variablesOf(child(service, 'environment'), known));
  gathered.mounts.push(filesOf(service, document, given));
  nameGuards(name, service, gathered);
  const words = wordsOf(child(service, 'command'), 'command', known);
  const entrypoint = wordsOf(child(service, 'entrypoint'), 'entrypoint', known);
  const all = [...entrypoint, ...words];
  const before = wordsOfInit(all.map(({ text }) => text));
  const isInit = before > 0 && entrypoint.length > 0;
  const [program, ...tail] = isInit ? all.slice(before) : entrypoint;
  if (program !== undefined && !isProxyProgram(program.text)) {
    const message = 'it starts another program than oauth2-proxy; give the flags behind `--`';
    gathered.problems.push({ path: 'entrypoint', source: program.place ?? '', message });
    return;
  }
  const [first] = words.slice(before);
  const own = isProxyProgram(first?.text ?? '') ? words.slice(before + 1) : words;
  readCommandLine(isInit ? tail : [...tail, ...own], gathered);
  for (const [field, spot] of fields(service))
    if (!harmless.includes(field) && !read.includes(field) && !field.startsWith('x-'))
      gathered.findings.push({
        setting: `services.${name}.${field}`,
        source: place(spot),
        verdict: 'refused',
        text: 'it is not read: nothing is known of it here',
      });
  const rest = fields(service).flatMap(([field]) => (harmless.includes(field) ? [field] : []));
  const top = fields(document).flatMap(([field]) => (field === 'services' ? [] : [field]));
  gathered.findings.push({
    setting: `services.${name}`,
    source: place(service),
    verdict: 'meaningless',
    text: `beside what it is told, it says how it runs: ${[...rest, ...top].join(', ')}`,
  });
}

/** What is known of variables where a file refers to them. */
interface Known {
  readonly variableOf: VariableOf;
  /** Is told of a variable whose default is assumed. */
  readonly assumed: (name: string, at: Spot) => void;
}

const nothingKnown: Known = { variableOf: () => undefined, assumed: () => {} };

/** The variables of the shell and of `.env`; without that file it is not known which others there are. */
function withDotEnv({ variableFiles, variableOf }: ComposeContext, { findings, problems }: Gathered): Known {
  const read = nothingGathered();
  const files = variableFiles.filter(({ name }) => baseName(name) === '.env');
  for (const { name, text } of files) readVariableFile(text, name, read);
  problems.push(...read.problems);
  const told = new Set<string>();
  return {
    variableOf: (name) =>
      variableOf(name) ?? read.variables.findLast((variable) => variable.name === name)?.value,
    assumed: (name, at) => {
      if (files.length > 0 || told.has(name)) return;
      told.add(name);
      findings.push(assumedVariable(name, place(at)));
    },
  };
}

/** Names that a reverse proxy beside it reads guards from, as of an Ingress. */
function nameGuards(name: string, service: Spot, { findings }: Gathered): void {
  for (const list of [
    child(service, 'labels'),
    child(service, 'deploy', 'labels'),
    child(service, 'annotations'),
  ])
    for (const [label, at] of isMapping(list.value) ? fields(list) : elements(list).map(labelOf))
      if (guardingAnnotation.test(label))
        findings.push({
          setting: `services.${name}.labels.${label}`,
          source: place(at),
          verdict: 'refused',
          text: 'it is not read: it asks the gateway for a guard of its own',
        });
}

function labelOf(entry: Spot): [name: string, at: Spot] {
  return [(scalarText(entry) ?? '').split('=')[0] ?? '', entry];
}

/** Words as a list, or as a line of a shell. */
function wordsOf(spot: Spot, label: string, { variableOf, assumed }: Known): Word[] {
  const at = (entry: Spot) => `${place(entry)} ${label}`;
  const put = (text: string, entry: Spot) =>
    substitute(text, variableOf, (name) => {
      if (!isLoginWord.test(text)) assumed(name, entry);
    });
  if (Array.isArray(spot.value))
    return elements(spot).map((entry) => ({ text: put(scalarText(entry) ?? '', entry), place: at(entry) }));
  const text = scalarText(spot);
  return text === undefined
    ? []
    : shellWords(put(text, spot)).map((word) => ({ text: word, place: at(spot) }));
}

/** A word that sets a secret of logins and nothing else: nobody logs in here. */
const isLoginWord = /^--(client|cookie)-secret=\S*$/;

/** Splits a line as a shell does: at blanks that stand in no quotes. */
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

/** A mapping, or a list of `NAME=value`; a name alone takes its value from the shell. */
function variablesOf(spot: Spot, { variableOf, assumed }: Known): Variable[] {
  const made = (name: string, value: string | undefined, at: Spot): Variable => ({
    name,
    value: substitute(value ?? `\${${name}}`, variableOf, (variable) => {
      if (!/^OAUTH2_PROXY_(CLIENT|COOKIE)_SECRET$/.test(name)) assumed(variable, at);
    }),
    source: `${place(at)} environment ${name}`,
  });
  if (isMapping(spot.value)) return fields(spot).map(([name, entry]) => made(name, scalarText(entry), entry));
  return elements(spot).flatMap((entry) => {
    const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(scalarText(entry) ?? '') ?? [];
    return name === undefined ? [] : [made(name, value, entry)];
  });
}
