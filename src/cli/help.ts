/** `oidc-authz help`: the help text of the program and of each command, in lines of at most 80 columns. */
import { listScalarOptions, type ScalarOption } from '../config/describe/option-list.ts';
import type { Command, ManualFlag, ManualPage } from './command.ts';
import { rejectWord } from './exit.ts';

const columns = 80;

/** The indent of a flag's text. */
const flagIndent = 6;

/** The flags of the configuration that have no option in the file. */
const specialFlags: readonly ManualFlag[] = [
  { name: '--config', takes: 'FILE', text: 'The configuration file, YAML or JSON.' },
  { name: '--issuer', takes: 'URL', text: 'The only issuer: the exact `iss` of its tokens.' },
  {
    name: '--audience',
    takes: 'LIST',
    text: 'The accepted audiences of the only issuer; repeatable. A token must have at least one of them.',
  },
];

const lists =
  'Commas separate the entries of a LIST, in flags and in the environment; `\\,` is a comma inside an entry.';

const onlyInFile =
  'Only the file can set lists that have no flag, and the details of issuers (docs/options.md).';

/** The titles of the groups of flags, by the first part of the option. */
const groups: Readonly<Record<string, string>> = {
  http: 'HTTP listener',
  grpc: 'gRPC listener',
  admin: 'admin listener',
  log: 'log',
  cache: 'cached tokens',
  keys: 'keys of issuers',
  limits: 'limits',
  shutdown: 'shutdown',
  dpop: 'bound tokens: DPoP',
  clientCertificates: 'bound tokens: client certificates',
  shadow: 'incumbent (the authorizer that decides during a migration)',
  denyList: 'deny list',
  hosts: 'rules: hosts',
  paths: 'rules: paths',
  clientAddress: 'rules: client addresses',
};

/** Prints the help text that the words name. */
export const help: Command = {
  manual: [],
  run: async ({ words: [, ...topic] }, self) => {
    const text = helpFor(topic, await self.loadManual());
    if (text === undefined) return rejectWord(topic.join(' '), self);
    process.stdout.write(text);
  },
};

/**
 * Writes the help text of a command, or of the program if there are no words.
 *
 * @param manual the pages of all commands
 * @returns undefined if there is no such command
 */
export function helpFor(words: readonly string[], manual: readonly ManualPage[]): string | undefined {
  if (words.length === 0) return overview(manual);
  const name = words.join(' ');
  const found = manual.find((page) => page.name === name);
  if (found !== undefined) return pageText(found);
  const below = manual.filter((page) => page.name.startsWith(`${name} `));
  return below.length === 0 ? undefined : below.map(pageText).join('\n');
}

function overview(manual: readonly ManualPage[]): string {
  const width = Math.max(...manual.map(({ name }) => name.length)) + 2;
  return lines([
    'oidc-authz: external authorizer for Envoy, Istio and Kyma',
    '',
    'usage: oidc-authz [COMMAND] [flags]',
    '',
    ...manual.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    `  ${'help [COMMAND]'.padEnd(width)}this text, or the help of a command`,
    `  ${'version'.padEnd(width)}the version`,
    '',
    'The common case:',
    '  oidc-authz --issuer https://issuer.example.com --audience orders-api',
    '',
    'Most used flags:',
    ...specialFlags.flatMap(flagLines),
    '',
    ...wrapped(
      'All flags: `oidc-authz serve --help`. Each flag has an environment variable: OIDC_AUTHZ_HTTP_PORT is --http-port. Also: OIDC_AUTHZ_CONFIG, OIDC_AUTHZ_ISSUER, OIDC_AUTHZ_AUDIENCES.',
      0,
    ),
    '',
    ...wrapped(
      'Read next: README.md, docs/troubleshoot.md, docs/options.md (every option), docs/operations.md (exit codes, signals), docs/migrating-from-oauth2-proxy.md.',
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
      ? [...wrapped(page.takesConfig ? `${lists} ${onlyInFile}` : lists, 0), '']
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

/** The flags of the configuration: all of them for `serve`, a reference for other commands. */
function configFlagLines({ name, flags }: ManualPage): string[] {
  if (name !== 'serve')
    return [
      '',
      ...wrapped('Flags of the configuration override the file; see `oidc-authz serve --help`.', 0),
    ];
  const own = new Set(flags.map((flag) => flag.name));
  const leaves = listScalarOptions();
  const groupOf = ({ path }: ScalarOption) =>
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

function flagOf(leaf: ScalarOption): ManualFlag {
  const { flag, title, description, default: preset } = leaf;
  const takes = preset === undefined ? `Takes ${title}.` : `Takes ${title}; default ${quoted(preset)}.`;
  return { name: flag, takes: placeholder(leaf), text: `${withoutMarkup(description)} ${takes}` };
}

/** The placeholder for the value of a flag. */
function placeholder({ kind, title }: ScalarOption): string {
  const words = /^one of ([\w.-]+(?:, [\w.-]+)*)$/.exec(title)?.[1]?.split(', ');
  if (words !== undefined && words.length < 5) return words.join('|');
  if (kind === 'boolean') return '[true|false]';
  return kind === 'number' ? 'N' : 'TEXT';
}

function quoted(preset: unknown): string {
  return typeof preset === 'string' && preset !== '' ? preset : JSON.stringify(preset);
}

/** Removes the links of Markdown. */
function withoutMarkup(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1');
}

function flagLines({ name, takes, text }: ManualFlag): string[] {
  return [`  ${name}${takes === undefined ? '' : ` ${takes}`}`, ...wrapped(text, flagIndent)];
}

/** A command to paste; a long one continues on the next line. */
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
