/** The format of the log on a terminal, in a pipe, and with log.format. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createTextLog } from '../../src/observe/text-log.ts';
import { until } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { startCommand } from '../support/process.ts';

const listeners = ['http', 'grpc', 'admin'].flatMap((name) => [
  `--${name}-host=127.0.0.1`,
  `--${name}-port=0`,
]);

/** Runs a command on a pseudo-terminal and copies its output to a pipe. */
const onTerminal = [
  'import os, pty, sys',
  'status = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 65536))',
  'sys.exit(os.waitstatus_to_exitcode(status))',
].join('\n');

/** An environment without variables about colors. */
const plain = { FORCE_COLOR: '', NO_COLOR: '', TERM: 'xterm-256color', TZ: 'UTC' };

/** Replaces the escape character by a visible one. */
const visible = (text: string) => text.replaceAll('\u001b', '␛');

/** Kills the whole process group: the service reloads on the SIGHUP of a closed terminal. */
function endChildren(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  for (const child of children.filter((one) => one !== '')) process.kill(Number(child), 'SIGKILL');
}

async function start(environment: Readonly<Record<string, string>>, ...flags: string[]) {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const own = ['src/main.ts', '--issuer', issuer.url, '--audience', audience, ...listeners, ...flags];
  const service = startCommand(
    'python3',
    ['-c', onTerminal, process.execPath, ...own, '--shutdown-delay=0s'],
    { ...plain, ...environment },
  );
  onTestFinished(() => endChildren(service.pid));
  const lines = () => visible(service.output()).split('\r\n');
  const bare = () => lines().map((line) => line.replaceAll(/␛\[[\d;]*m/g, ''));
  const listening = () => bare().find((line) => line.includes('listening') && line.includes('http')) ?? '';
  await until(() => /state.*ready/.test(service.output()) && listening() !== '');
  return { service, port: Number(/port\W+(\d+)/.exec(listening())?.[1]), lines, bare };
}

test('on a terminal each record is a text line with colors', async () => {
  const { service, port, lines, bare } = await start({});
  await exchange(port, request('GET', '/orders?token=secret'));
  await until(() => service.output().includes('token_missing'));
  const line = lines().find((one) => one.includes('token_missing')) ?? '';
  expect(line).toMatch(/^␛\[2m\d\d:\d\d:\d\d\.\d{3}␛\[0m ␛\[32mINFO ␛\[0m check /);
  expect(bare().find((one) => one.includes('token_missing'))).toMatch(
    /INFO {2}check outcome=deny reason=token_missing (?:detail=.* )?decision=[a-z2-7]{13} transport=http method=GET host=\S+ path=\/orders /,
  );
  expect(line).not.toContain('secret');
  expect(lines().filter((one) => one.startsWith('{'))).toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>, readonly string[], boolean]>([
  ['NO_COLOR', { NO_COLOR: '1' }, [], false],
  ['TERM=dumb', { TERM: 'dumb' }, [], false],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, [], false],
  ['FORCE_COLOR with NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, [], true],
])('%s decides about colors on a terminal', async (_, environment, flags, isColoured) => {
  const { lines } = await start(environment, ...flags);
  const starting = lines().find((line) => line.includes('starting')) ?? '';
  expect(starting.includes('␛[')).toBe(isColoured);
  expect(starting).toContain('INFO');
});

test('log.format json writes JSON on a terminal too', async () => {
  const { lines } = await start({}, '--log-format', 'json');
  const records = lines().filter((line) => line !== '');
  expect(records.length).toBeGreaterThan(3);
  for (const line of records) expect(JSON.parse(line)).toHaveProperty('level');
});

test('with workers, each process writes text', async () => {
  const { service, port, lines } = await start({ NO_COLOR: '1' }, '--workers', '2');
  await exchange(port, request('GET', '/'));
  await until(() => /INFO {2}check worker=\d+ outcome=deny/.test(service.output()));
  expect(lines().filter((line) => line.startsWith('{'))).toEqual([]);
});

test('in a pipe the log is JSON, and log.format text is text without colors', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const own = ['src/main.ts', '--issuer', issuer.url, '--audience', audience, ...listeners];
  const json = startCommand(process.execPath, own, plain);
  expect(await json.record(({ msg }) => msg === 'starting')).toMatchObject({ level: 'info' });
  const text = startCommand(process.execPath, [...own, '--log-format=text', '--shutdown-delay=0s'], plain);
  await until(() => text.output().includes('state=ready'));
  expect(visible(text.output())).not.toMatch(/␛|^\{/m);
  text.child.kill('SIGTERM');
  expect(await text.exit).toBe(0);
  expect(text.output()).toMatch(/ INFO {2}drained\n$/);
});

test('a failed start is logged too', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const own = ['src/main.ts', '--issuer', issuer.url, '--audience', audience, ...listeners];
  const taken = [`--admin-port=${issuer.port}`, '--log-format=text'];
  const service = startCommand(process.execPath, [...own, ...taken], plain);
  expect(await service.exit).toBe(1);
  expect(service.output()).toMatch(/ FATAL .*error="Error: .*EADDRINUSE/);
});

const toText = createTextLog({ isTerminal: false, environment: {} });
const lineFor = (fields: object) =>
  toText(JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.006Z', ...fields, msg: 'told' }));

test('an error is its type, its message and its first stack frame, on the same line', () => {
  const error = {
    type: 'TypeError',
    message: 'no\nwonder',
    stack: 'TypeError: no\nwonder\n    at f (a.ts:1:2)\n    at g',
  };
  expect(lineFor({ error })).toMatch(/ WARN {2}told error="TypeError: no\\nwonder at f \(a\.ts:1:2\)"\n$/);
});

/** C0 and C1 controls, zero-width and bidirectional characters, line separators, and unpaired surrogates. */
const dangerous = new RegExp(
  `[${String.raw`\0-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff`}]`,
  'u',
);

test('any record is one line without control characters', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\x1b[2J', '\u009b2J', '\r\n', '\u202e', '\u2028', '\0', '\x7f', '\x9d0;x\x07', '\ud800'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), value), (fields) => {
      const [line = '', ...more] = lineFor({ fields, ...fields }).split('\n');
      expect(more).toEqual(['']);
      expect(dangerous.exec(line)?.[0].codePointAt(0)).toBe(undefined);
    }),
    { numRuns: 1_000 },
  );
});

test('a value with spaces, quotes or an equals sign is quoted', () => {
  expect(lineFor({ path: '/a reason=allowed', plain: '/a,b;c' })).toMatch(
    / told path="\/a reason=allowed" plain=\/a,b;c\n$/,
  );
  expect(lineFor({ path: 'a="b"', empty: '', none: null, zero: 0, no: false })).toMatch(
    / told path="a=\\"b\\"" zero=0 no=false\n$/,
  );
});
