/** `--help` of the program and of each command, in lines of at most 80 columns. */
import { flagName, listScalarOptions, type OptionInfo } from '../config/describe/option-list.ts';
import { type ManualFlag, type ManualPage, manual } from './manual.ts';

const columns = 80;

/** Where the text of a flag begins. */
const flagIndent = 6;

/** What the flags that stand for no option of the file do. */
const specialFlags: readonly ManualFlag[] = [
  { name: '--config', takes: 'FILE', text: 'The configuration file, YAML or JSON.' },
  { name: '--issuer', takes: 'URL', text: 'The only issuer: the exact `iss` of its tokens.' },
  {
    name: '--audience',
    takes: 'LIST',
    text: 'Whom tokens of the only issuer must be meant for, at least one of them; may be repeated.',
  },
];

const lists =
  'A LIST is separated by commas, in flags as in the environment; `\\,` is a comma inside an entry. Lists without a flag and issuers in detail come from the file (docs/options.md).';

/** What each group of flags is about, by the first part of the option. */
const groups: Readonly<Record<string, string>> = {
  http: 'HTTP listener',
  grpc: 'gRPC listener',
  admin: 'admin listener',
  log: 'log',
  cache: 'remembered tokens',
  keys: 'keys of issuers',
  limits: 'limits',
  shutdown: 'end',
  dpop: 'bound tokens: DPoP',
  clientCertificates: 'bound tokens: client certificates',
  shadow: 'another authorizer that still decides',
  denyList: 'deny list',
  hosts: 'rules: hosts',
  paths: 'rules: paths',
  clientAddress: 'rules: addresses of clients',
};

/** The page that words ask for: the whole program's where there are none; undefined where there is no such command. */
export function helpFor(words: readonly string[]): string | undefined {
  if (words.length === 0) return overview();
  const name = words.join(' ');
  const found = manual.find((page) => page.name === name);
  if (found !== undefined) return pageText(found);
  const below = manual.filter((page) => page.name.startsWith(`${name} `));
  return below.length === 0 ? undefined : below.map(pageText).join('\n');
}

/** The names of the commands, the first word of each once. */
export function commandNames(): readonly string[] {
  return [...new Set(manual.map(({ name }) => name.split(' ')[0] ?? ''))];
}

function overview(): string {
  const width = Math.max(...manual.map(({ name }) => name.length)) + 2;
  return lines([
    'oidc-authz: external authorizer for Envoy, Istio and Kyma',
    '',
    'usage: oidc-authz [COMMAND] [flags]',
    '',
    ...manual.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    `  ${'help [COMMAND]'.padEnd(width)}this text, or all about a command`,
    `  ${'version'.padEnd(width)}the version`,
    '',
    'The common case:',
    '  oidc-authz --issuer https://issuer.example.com --audience orders-api',
    '',
    'Most used flags:',
    ...specialFlags.flatMap(flagLines),
    '',
    ...wrapped(
      'All flags: `oidc-authz serve --help`. Each has an environment name: --http-port is OIDC_AUTHZ_HTTP_PORT; further OIDC_AUTHZ_CONFIG, OIDC_AUTHZ_ISSUER and OIDC_AUTHZ_AUDIENCES.',
      0,
    ),
    '',
    ...wrapped(
      'Read on: README.md, docs/options.md (every option), docs/operations.md (exit codes, signals), docs/migrating-from-oauth2-proxy.md.',
      0,
    ),
  ]);
}

function pageText(page: ManualPage): string {
  return lines([
    ...wrapped(`oidc-authz ${page.name}: ${page.summary}`, 0),
    '',
    'usage:',
    ...page.usage.flatMap((usage) => wrapped(usage, 2, 6)),
    '',
    ...page.about.flatMap((text) => wrapped(text, 0)),
    ...(page.flags.length === 0 ? [] : ['', 'flags:', ...page.flags.flatMap(flagLines)]),
    ...(page.takesConfig ? configFlagLines(page) : []),
    '',
    ...(page.name === 'serve' || page.flags.some(({ takes }) => takes === 'LIST')
      ? [...wrapped(lists, 0), '']
      : []),
    'exit codes:',
    ...Object.entries(page.exitCodes).flatMap(([code, text]) =>
      wrapped(text, 5).map((line, index) => (index === 0 ? `${code.padStart(3)}${line.slice(3)}` : line)),
    ),
    '',
    page.examples.length === 1 ? 'example:' : 'examples:',
    ...page.examples.flatMap(command),
  ]);
}

/** The flags of the configuration: all of them where they are what a command is about. */
function configFlagLines({ name, flags }: ManualPage): string[] {
  if (name !== 'serve')
    return [
      '',
      ...wrapped('Flags of the configuration win over the file: see `oidc-authz serve --help`.', 0),
    ];
  const own = new Set(flags.map((flag) => flag.name));
  const leaves = listScalarOptions();
  const groupOf = ({ path }: OptionInfo) =>
    path.length > 1 ? (groups[path[0] ?? ''] ?? path[0] ?? '') : 'answers';
  const byGroup = Map.groupBy(leaves, groupOf);
  return [
    '',
    'flags, the common case:',
    ...specialFlags.filter((flag) => !own.has(flag.name)).flatMap(flagLines),
    ...[...byGroup].flatMap(([group, members]) => [
      '',
      `flags, ${group}:`,
      ...members.flatMap((leaf) => flagLines(flagOf(leaf))),
    ]),
  ];
}

function flagOf(leaf: OptionInfo): ManualFlag {
  const { path, title, description, default: preset } = leaf;
  const takes = preset === undefined ? `Takes ${title}.` : `Takes ${title}; default ${shown(preset)}.`;
  return { name: flagName(path), takes: placeholder(leaf), text: `${withoutMarkup(description)} ${takes}` };
}

/** What stands for the value of a flag. */
function placeholder({ kind, title }: OptionInfo): string {
  const words = /^one of ([\w.-]+(?:, [\w.-]+)*)$/.exec(title)?.[1]?.split(', ');
  if (words !== undefined && words.length < 5) return words.join('|');
  if (kind === 'boolean') return '[true|false]';
  return kind === 'number' ? 'N' : 'TEXT';
}

function shown(preset: unknown): string {
  return typeof preset === 'string' && preset !== '' ? preset : JSON.stringify(preset);
}

/** Without what only Markdown shows. */
function withoutMarkup(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
}

function flagLines({ name, takes, text }: ManualFlag): string[] {
  return [`  ${name}${takes === undefined ? '' : ` ${takes}`}`, ...wrapped(text, flagIndent)];
}

/** A command to paste: what is too long for a line goes on in the next one. */
function command(text: string): string[] {
  const parts = wrapped(text, 2, 4, columns - 2);
  return parts.map((part, index) => (index < parts.length - 1 ? `${part} \\` : part));
}

function wrapped(text: string, indent: number, hanging = indent, width = columns): string[] {
  const result: string[] = [];
  let line = ' '.repeat(indent);
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      result.push(line);
      line = ' '.repeat(hanging);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...result, line];
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
