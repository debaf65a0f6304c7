/** A file of docker compose: the service that runs oauth2-proxy. */
import { isTree } from '../../config/tree.ts';
import { readCommandLine, type Word } from './command-line.ts';
import { readVariableFile } from './environment.ts';
import type { NamedText } from './file-kind.ts';
import type { Gathered, Variable } from './gathered.ts';
import type { FileAt } from './mounts.ts';
import { isProxy } from './pods.ts';
import { isProxyProgram, wordsOfInit } from './program.ts';
import { child, elements, fields, place, type Spot, scalarText } from './spot.ts';
import { substitute, type VariableOf } from './substitution.ts';

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
      ([, { value }]) => isTree(value) && ('image' in value || 'build' in value || 'extends' in value),
    )
  );
}

/** What a compose file is read with. */
export interface ComposeContext {
  /** The files that were given, for what a service names. */
  readonly files: readonly NamedText[];
  /** Those of them that hold variables. */
  readonly variableFiles: readonly NamedText[];
  /** The variables of the shell, or of `.env`. */
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
  const words = (list: string) =>
    wordsOf(child(service, list), list, () => undefined).map(({ text }) => text);
  return isProxy({
    ...service,
    path: [],
    value: {
      name,
      image: child(service, 'image').value,
      command: words('entrypoint'),
      args: words('command'),
      env: variablesOf(child(service, 'environment'), () => undefined).map((one) => ({ name: one.name })),
    },
  });
}

function readService(
  name: string,
  service: Spot,
  document: Spot,
  { files, variableFiles, variableOf }: ComposeContext,
  gathered: Gathered,
): void {
  const entry = child(service, 'env_file');
  const others = new Set(variableFiles.map((file) => file.name));
  const named = Array.isArray(entry.value) ? elements(entry) : entry.value === undefined ? [] : [entry];
  for (const spot of named) {
    const path = scalarText(isTree(spot.value) ? child(spot, 'path') : spot) ?? '';
    const file = files.find(({ name: given }) => baseName(given) === baseName(path));
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
  gathered.variables.push(...variablesOf(child(service, 'environment'), variableOf));
  gathered.mounts.push(filesOf(service, document, files));
  const words = wordsOf(child(service, 'command'), 'command', variableOf);
  const entrypoint = wordsOf(child(service, 'entrypoint'), 'entrypoint', variableOf);
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

/** Words as a list, or as a line of a shell. */
function wordsOf(spot: Spot, label: string, variableOf: VariableOf): Word[] {
  const at = (entry: Spot) => `${place(entry)} ${label}`;
  if (Array.isArray(spot.value))
    return elements(spot).map((entry) => ({
      text: substitute(scalarText(entry) ?? '', variableOf),
      place: at(entry),
    }));
  const text = scalarText(spot);
  return text === undefined
    ? []
    : shellWords(substitute(text, variableOf)).map((word) => ({ text: word, place: at(spot) }));
}

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
function variablesOf(spot: Spot, variableOf: VariableOf): Variable[] {
  const made = (name: string, value: string | undefined, at: Spot): Variable => ({
    name,
    value: substitute(value ?? `\${${name}}`, variableOf),
    source: `${place(at)} environment ${name}`,
  });
  if (isTree(spot.value)) return fields(spot).map(([name, entry]) => made(name, scalarText(entry), entry));
  return elements(spot).flatMap((entry) => {
    const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(scalarText(entry) ?? '') ?? [];
    return name === undefined ? [] : [made(name, value, entry)];
  });
}

/** The files that a service mounts: given ones of the same name, or what the compose file itself holds. */
function filesOf(service: Spot, document: Spot, files: readonly NamedText[]): FileAt {
  const given = (path: string) => files.find(({ name }) => baseName(name) === baseName(path));
  const mounts = elements(child(service, 'volumes')).map((entry) => {
    const text = scalarText(entry);
    const [source = '', target = ''] =
      text === undefined
        ? [scalarText(child(entry, 'source')), scalarText(child(entry, 'target'))]
        : text.split(':');
    return { source, target: target.replace(/\/+$/, '') };
  });
  const held = (['configs', 'secrets'] as const).flatMap((list) =>
    elements(child(service, list)).map((entry) => {
      const source = scalarText(entry) ?? scalarText(child(entry, 'source')) ?? '';
      const folder = list === 'secrets' ? '/run/secrets/' : '/';
      const target = scalarText(child(entry, 'target')) ?? `${folder}${source}`;
      return { spot: child(document, list, source), target };
    }),
  );
  return (path) => {
    const own = held.find(({ target }) => target === path);
    if (own !== undefined) {
      const content = child(own.spot, 'content');
      if (typeof content.value === 'string') return { text: content.value, name: place(content) };
      const file = given(scalarText(child(own.spot, 'file')) ?? '');
      return file ?? { lacks: scalarText(child(own.spot, 'file')) ?? 'its content' };
    }
    const mount = mounts.find(({ target }) => path === target || path.startsWith(`${target}/`));
    if (mount === undefined) return undefined;
    const source = `${mount.source}${path.slice(mount.target.length)}`;
    return given(source) ?? { lacks: source };
  };
}

function baseName(path: string): string {
  return path.split('/').at(-1) ?? '';
}
