/** `oidc-authz revoke`: denies tokens and sessions in every replica, by the deny list in the store. */
import { readFileSync } from 'node:fs';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, suggestion } from '../config/validate/problems.ts';
import { singleProblem } from '../tools/single-problem.ts';
import { adminTokenFlag, tlsFlags } from './access-flags.ts';
import type { Command, ManualPage } from './command.ts';

const exitCode = { done: 0, nothing: 1, unknown: 2, usage: 3 };

const page: ManualPage = {
  name: 'revoke',
  summary: 'deny tokens and sessions in every replica',
  usage: [
    'oidc-authz revoke --admin URL --issuer ISS --jti J|--sub S|--sid S|--client-id C [--issued-before TIME] [--for 24h] [--note TEXT]',
    'oidc-authz revoke --admin URL --list',
    'oidc-authz revoke --admin URL --lift ID',
  ],
  about: [
    'Adds an entry to the deny list in the store (denyList.store), through the admin listener of any replica. Every replica uses it within 1 s, for tokens and for sessions (docs/revocation.md).',
    'A token must match every claim that is named, as exactly this text. An entry ends automatically after --for.',
    'At most issuers, `sub` is an ID, not the name of a person. docs/revocation.md says how to find it. The service cannot tell whether a token with these claims exists.',
  ],
  flags: [
    { name: '--admin', takes: 'URL', text: 'The admin listener of a running service.' },
    adminTokenFlag,
    ...tlsFlags,
    { name: '--issuer', takes: 'ISS', text: 'The exact `iss` of the tokens, or the name of the issuer.' },
    { name: '--jti', takes: 'J', text: 'Revoke one token, by its `jti`.' },
    {
      name: '--sub',
      takes: 'S',
      text: 'Revoke the tokens and sessions of a user, by the exact `sub`: an ID at most issuers, not a name.',
    },
    { name: '--sid', takes: 'S', text: 'Revoke a session at the issuer, by `sid`.' },
    { name: '--client-id', takes: 'C', text: 'Revoke the tokens of a client, by `client_id`.' },
    {
      name: '--issued-before',
      takes: 'TIME',
      text: 'Only tokens and sessions that began before this time, such as 2026-11-26T12:00:00Z, or now. Default: all, also new ones.',
    },
    {
      name: '--for',
      takes: 'TIME',
      text: 'How long the entry counts, such as 24h, at most 720h; at least as long as the tokens live. Default: 24h, or sessions.maxAge if that is longer.',
    },
    { name: '--note', takes: 'TEXT', text: 'A comment for --list, at most 200 characters.' },
    { name: '--list', text: 'Print the entries.' },
    { name: '--lift', takes: 'ID', text: 'End the entry with this ID.' },
    { name: '--output', takes: 'KIND', text: 'The output: text or json. Default: text.' },
  ],
  takesConfig: false,
  exitCodes: {
    [exitCode.done]: 'done',
    [exitCode.nothing]:
      'nothing was changed: the service refuses, has no deny list in a store, or was not reached; or Node is too old',
    [exitCode.unknown]: 'it is not known whether something was changed: there is no complete answer',
    [exitCode.usage]: 'the command line is wrong, or a file that it names cannot be read',
  },
  examples: [
    'oidc-authz revoke --admin http://127.0.0.1:8081 --issuer https://idp.example.com --sub 0a0a0a0a-0000-4000-8000-000000000001 --issued-before now --note stolen',
    'oidc-authz revoke --admin http://127.0.0.1:8081 --issuer main --jti 4f1c2b --for 1h',
    'oidc-authz revoke --admin http://127.0.0.1:8081 --list',
    'oidc-authz revoke --admin http://127.0.0.1:8081 --lift k3v2mq7xw4zab',
  ],
};

/** The flags that describe an entry, with its members. */
const membersOf: Readonly<Record<string, string>> = {
  '--issuer': 'issuer',
  '--jti': 'jti',
  '--sub': 'sub',
  '--sid': 'sid',
  '--client-id': 'client_id',
  '--issued-before': 'issuedBefore',
  '--for': 'for',
  '--note': 'note',
};

const claimFlags = ['--jti', '--sub', '--sid', '--client-id'];

/** Revokes, lifts or lists; the result is on stdout, problems are on stderr. */
export const revokeCommand: Command = {
  manual: [page],
  run: async (line) => {
    const result = await runRevoke(line, (path) => readFileSync(path, 'utf8'));
    process.stdout.write(result.output);
    process.stderr.write(result.problem);
    process.exitCode = result.exitCode;
  },
};

/** The outputs of the command, and its exit code. */
interface Revoked {
  readonly output: string;
  readonly problem: string;
  readonly exitCode: number;
}

/** Runs the command without its output. */
export async function runRevoke(
  { words, flags }: { readonly words: readonly string[]; readonly flags: readonly CommandLineFlag[] },
  readFile: (path: string) => string,
): Promise<Revoked> {
  const { NoAnswer } = await import('../tools/http-client.ts');
  const { askRevocations, NothingChanged } = await import('../tools/revoke/ask.ts');
  try {
    const { action, isJson, access } = await readLine(words, flags, readFile);
    const result = await askRevocations(access, action);
    const { revokeText } = await import('../tools/revoke/text.ts');
    const { escapeInvisible } = await import('../observe/escape-invisible.ts');
    const json = () =>
      `${escapeInvisible(JSON.stringify(result.kind === 'list' ? result.list : result.entry))}\n`;
    return { output: isJson ? json() : revokeText(result), problem: '', exitCode: exitCode.done };
  } catch (error) {
    if (error instanceof ConfigError)
      return failed(`${formatProblems(error.problems, 'the command line')}`, exitCode.usage);
    if (error instanceof NothingChanged)
      return failed(`oidc-authz: nothing was changed: ${error.message}`, exitCode.nothing);
    if (error instanceof NoAnswer)
      return failed(
        `oidc-authz: ${error.message}\nIt is not known whether something was changed. Look with --list, and try again.`,
        exitCode.unknown,
      );
    throw error;
  }
}

function failed(problem: string, code: number): Revoked {
  return { output: '', problem: `${problem}\n`, exitCode: code };
}

async function readLine(
  [, ...operands]: readonly string[],
  flags: readonly CommandLineFlag[],
  readFile: (path: string) => string,
) {
  checkFlags(operands, flags);
  const { createFlagReader } = await import('./flag-reader.ts');
  const { readAdminAccess } = await import('./admin-access.ts');
  const reader = createFlagReader(flags);
  const output = reader.last('--output') ?? 'text';
  if (output !== 'text' && output !== 'json') throw singleProblem('flag --output', 'must be text or json');
  const url = reader.last('--admin');
  if (url === undefined)
    throw singleProblem(
      'flag --admin',
      'missing; write --admin URL, such as http://127.0.0.1:8081 after kubectl port-forward',
    );
  return {
    action: actionOf(flags, reader.last('--lift'), reader.has('--list')),
    isJson: output === 'json',
    access: readAdminAccess(reader, url, readFile),
  };
}

function checkFlags(operands: readonly string[], flags: readonly CommandLineFlag[]): void {
  const [word] = operands;
  if (word !== undefined)
    throw singleProblem(`argument ${word}`, 'unexpected; write the claim as a flag, such as --jti 4f1c2b');
  const known = page.flags.map(({ name }) => name);
  const seen = new Set<string>();
  for (const { name, value = '' } of flags) {
    const source = `flag ${name}`;
    if (!known.includes(name)) throw singleProblem(source, `unknown flag${suggestion(name, known)}`);
    const takesValue = page.flags.some((flag) => flag.name === name && flag.takes !== undefined);
    if (takesValue && value === '') throw singleProblem(source, 'must have a value; write it after the flag');
    if (!takesValue && value !== '') throw singleProblem(source, 'takes no value');
    // The last one of two would revoke less than the operator wants.
    if (seen.has(name)) throw singleProblem(source, 'written twice; run the command once for each');
    seen.add(name);
  }
}

function actionOf(flags: readonly CommandLineFlag[], lift: string | undefined, isList: boolean) {
  const members = flags.filter(({ name }) => Object.hasOwn(membersOf, name));
  const [first] = members;
  if (lift !== undefined && isList)
    throw singleProblem('flag --list', 'not allowed with --lift; keep one of the two');
  if ((lift !== undefined || isList) && first !== undefined)
    throw singleProblem(`flag ${first.name}`, `not allowed with ${isList ? '--list' : '--lift'}`);
  if (isList) return { kind: 'list' } as const;
  if (lift !== undefined) {
    if (/^[a-z2-7]{13}$/.test(lift)) return { kind: 'lift', id: lift } as const;
    throw singleProblem('flag --lift', 'must be the ID of an entry, as --list prints it');
  }
  const missing = ['--issuer', claimFlags.join(', ')].filter(
    (names) => !members.some(({ name }) => names.split(', ').includes(name)),
  );
  if (missing.length > 0)
    throw singleProblem(
      'revoke',
      `missing: ${missing.join(', and one of ')}; name the issuer and what to revoke, or write --list or --lift ID`,
    );
  const entry = Object.fromEntries(
    members.map(({ name, value = '' }) => [
      membersOf[name] ?? '',
      name === '--issued-before' && /^\d+$/.test(value) ? Number(value) : value,
    ]),
  );
  return { kind: 'revoke', entry } as const;
}
