/**
 * Typical installations: migrated by the command, validated by `check-config`, run, and compared with a real
 * oauth2-proxy.
 */
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../../src/cli/check-config.ts';
import { migrate } from '../../../src/cli/migrate.ts';
import { findOauth2Proxy, type RunningOauth2Proxy } from '../../../tools/oauth2-proxy.ts';
import { type RunningApp, runApp, until } from '../../support/app.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../../support/fake-issuer.ts';
import { connectGrpc, type OfficialHeaderOption } from '../../support/grpc-client.ts';
import { exchange, type RawResponse, request } from '../../support/http1.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { startProcess } from '../../support/process.ts';
import { describeWith } from '../../support/real-servers.ts';
import {
  type Answer,
  type Ask,
  type Installation,
  installations,
  refusedInstallations,
  theToken,
} from './installations.ts';
import { startTheirs } from './run-oauth2-proxy.ts';
import { isAbout, type Setting, settingsIn, settingsOfFlags } from './settings.ts';

const foundProxy = await findOauth2Proxy();
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const outputs = ['config', 'values', 'plan'] as const;

type Tree = Readonly<Record<string, unknown>>;

/** A text that every secret of every fixture contains, and its forms in base64, which depend on the position. */
const mark = 'hush';
const marks = [mark, ...[0, 1, 2].map(markInBase64)];

function markInBase64(offset: number): string {
  const [start, end] = [Math.ceil((offset * 8) / 6), Math.floor(((offset + mark.length) * 8) / 6)];
  return Buffer.from('x'.repeat(offset) + mark)
    .toString('base64')
    .slice(start, end);
}

interface Files {
  readonly name: string;
  readonly files: readonly string[];
  readonly flags?: readonly string[];
}

/** The files of an installation in a folder where they can be changed. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'oidc-authz-installation-'));
  readonly #replaced: (readonly [string, string])[] = [];
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  /** Replaces a text in all files from now on. */
  replace(written: string, running: string): void {
    this.#replaced.push([written, running]);
  }

  /** A text with all replacements, the longest first. */
  replaced(text: string): string {
    const all = this.#replaced.toSorted(([a], [b]) => b.length - a.length);
    return all.reduce((result, [written, running]) => result.replaceAll(written, running), text);
  }

  original(name: string): string {
    return readFileSync(join(fixtures, this.#files.name, name), 'utf8');
  }

  read(name: string): string {
    return this.replaced(this.original(name));
  }

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  /** The arguments of `migrate oauth2-proxy`. */
  arguments({ isAsWritten = false, more = [] as readonly string[] } = {}): readonly string[] {
    const { files, flags = [] } = this.#files;
    const text = (name: string) => (isAsWritten ? this.original(name) : this.read(name));
    const paths = files.map((name) => this.write(name, text(name)));
    const own = flags.map((flag) => (isAsWritten ? flag : this.replaced(flag)));
    return [...paths, ...more, ...(own.length > 0 ? ['--', ...own] : [])];
  }

  settings(): readonly Setting[] {
    const { files, flags = [] } = this.#files;
    return [...files.flatMap((name) => settingsIn(name, this.original(name))), ...settingsOfFlags(flags)];
  }

  secretsIn(): readonly string[] {
    const { files, flags = [] } = this.#files;
    const all = [...files.map((name) => this.original(name)), ...flags].join('\n');
    return marks.filter((mark) => all.includes(mark));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

interface Printed {
  readonly code: number | string;
  readonly output: string;
  readonly report: string;
}

/** The output of the command as a process. */
async function run(...words: readonly string[]): Promise<Printed> {
  const process = startProcess(words);
  const code = await process.exit;
  return { code, output: process.output(), report: process.errors() };
}

const readFile = (path: string) => readFileSync(path, 'utf8');

/** The output of `migrate oauth2-proxy` without a process, which is much faster. */
async function migrateHere(...words: readonly string[]): Promise<Printed> {
  const readInput = () => {
    throw new Error('nothing is given there');
  };
  const argv = ['oauth2-proxy', ...words];
  const { output, report, exitCode } = await migrate({
    argv,
    environment: process.env,
    readFile,
    readInput,
  });
  return { code: exitCode, output, report };
}

/** The output of `check-config`. */
async function checkHere(file: string): Promise<Printed> {
  const flags = [{ name: '--config', value: file }];
  const { output, exitCode } = await checkConfig({ flags, environment: process.env, readFile });
  return exitCode === 0 ? { code: 0, output, report: '' } : { code: exitCode, output: '', report: output };
}

/** Keys by purpose, shared by all installations, since generating them is slow. */
const keyPool = new Map<string, Promise<SigningKey>>();

function keyFor(purpose: string, kid = purpose): Promise<SigningKey> {
  return keyPool.getOrInsertComputed(purpose, () => createSigningKey(kid));
}

function expectNoSecret(folder: Folder, printed: readonly Printed[]): void {
  expect(folder.secretsIn()).not.toEqual([]);
  for (const { output, report } of printed)
    for (const mark of marks) expect([mark, `${output}${report}`.includes(mark)]).toEqual([mark, false]);
}

function expectAllReported(folder: Folder, report: string): void {
  const lines = report.split('\n');
  const settings = folder.settings();
  expect(settings.length).toBeGreaterThan(4);
  const unreported = settings.filter((setting) => !lines.some((line) => isAbout(line, setting)));
  expect(unreported).toEqual([]);
}

/** The configuration in the form for the chart, which sets ports and probes. */
function asValue(config: Tree): Tree {
  const rest = Object.entries(config).map(([name, value]) => {
    if (name !== 'http' && name !== 'admin') return [name, value] as const;
    const { host: _host, port: _port, ...others } = value as Tree;
    return [name, Object.keys(others).length === 0 ? undefined : others] as const;
  });
  return Object.fromEntries(rest.filter(([, value]) => value !== undefined));
}

/** The same service on free ports of this machine. */
function onThisMachine(config: Tree): string {
  return JSON.stringify({
    ...config,
    http: { ...(config.http as Tree | undefined), host: '127.0.0.1', port: 0 },
    grpc: { host: '127.0.0.1', port: 0 },
    admin: { ...(config.admin as Tree | undefined), host: '127.0.0.1', port: 0 },
    shutdown: { delay: '0s', timeout: '5s' },
  });
}

/** The response headers that a workload may see. */
function identityOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(x-(?!envoy-|content-)|authorization$)/.test(name)),
  );
}

function answerOf({ status, headers }: RawResponse): Answer {
  return status === 200 ? identityOf(headers) : status;
}

/** An installation with its issuers, oauth2-proxy, and oidc-authz. */
class Scene {
  readonly folder: Folder;
  readonly issuers = new Map<string, FakeIssuer>();
  /** As printed, and with `compat: oauth2-proxy`. */
  readonly services: { own?: RunningApp; compat?: RunningApp } = {};
  theirs: RunningOauth2Proxy | undefined;
  readonly #installation: Installation;
  #foreign: SigningKey | undefined;
  #migrated: Promise<Readonly<Record<(typeof outputs)[number] | 'compat', Printed>>> | undefined;

  constructor(installation: Installation) {
    this.#installation = installation;
    this.folder = new Folder(installation);
  }

  async open(): Promise<void> {
    const { issuers, keyFolder, keyFiles = [] } = this.#installation;
    // One key set for all, as with Entra ID; the URL identifies the issuer.
    const keys = [await keyFor('k1'), await keyFor('k2')];
    this.#foreign = await keyFor('foreign', 'k1');
    for (const [name, url] of Object.entries(issuers)) {
      const path = url.replace(/^https:\/\/[^/]+/, '');
      const own = this.#installation.isAsWritten ? keys : [await keyFor(`${name}-1`), ...keys];
      const issuer = publishWhole(await startFakeIssuer({ path, keys: keyFiles.length > 0 ? keys : own }));
      this.issuers.set(name, issuer);
      this.folder.replace(url, issuer.url);
    }
    if (keyFolder === undefined) return;
    this.folder.replace(keyFolder, this.folder.path);
    for (const [index, file] of keyFiles.entries()) this.folder.write(file, pemOf(keys[index]));
  }

  /** The output of the command in each form. */
  migrated() {
    this.#migrated ??= this.#migrate();
    return this.#migrated;
  }

  async #migrate() {
    const { isAsWritten } = this.#installation;
    const words = (...more: readonly string[]) => this.folder.arguments({ more, isAsWritten });
    const running = (printed: Printed) =>
      isAsWritten === true ? { ...printed, output: this.folder.replaced(printed.output) } : printed;
    const [config, here, values, plan, compat] = await Promise.all([
      run('migrate', 'oauth2-proxy', ...words()),
      migrateHere(...words()),
      migrateHere(...words('--output', 'values')),
      migrateHere(...words('--output', 'plan')),
      migrateHere(...words('--compat', 'oauth2-proxy')),
    ]);
    expect(here).toEqual(config);
    return {
      config: running(config),
      values: running(values),
      plan: running(plan),
      compat: running(compat),
    };
  }

  async service(kind: 'own' | 'compat'): Promise<RunningApp> {
    const running = this.services[kind];
    if (running !== undefined) return running;
    const migrated = await this.migrated();
    const { code, output, report } = kind === 'own' ? migrated.config : migrated.compat;
    if (code !== 0) throw new Error(`it was not migrated: ${report}`);
    const app = await runApp({
      issuer: this.#issuer(undefined),
      file: onThisMachine(parse(output)),
      untilReady: false,
    });
    this.services[kind] = app;
    await until(
      () => app.records.filter(({ state }) => state === 'ready').length >= app.config.issuers.length,
    );
    return app;
  }

  async startTheirs(path: string): Promise<RunningOauth2Proxy> {
    const { theirs, flags = [] } = this.#installation;
    const way = theirs((name) => this.folder.read(name), this.folder.path);
    const own = flags.map((flag) => this.folder.replaced(flag));
    this.theirs ??= await startTheirs(path, { ...way, flags: [...way.flags, ...own] });
    return this.theirs;
  }

  /** An issuer by name, or the first one. */
  #issuer(name: string | undefined): FakeIssuer {
    const [first] = this.issuers.values();
    const issuer = name === undefined ? first : this.issuers.get(name);
    if (issuer === undefined) throw new TypeError(`no issuer ${name}`);
    return issuer;
  }

  /** The lines of a request, and its token. */
  async headers({ claims, header, by, key = 0, headers = [] }: Ask) {
    if (claims === undefined) return { lines: headers, token: '' };
    const issuer = this.#issuer(by);
    const signer = key === 'foreign' ? this.#foreign : issuer.keys[key];
    if (signer === undefined) throw new TypeError('no such key');
    const token = await issuer.mint({
      claims,
      ...(header !== undefined && { header }),
      key: signer,
    });
    return { lines: [...headers, `authorization: Bearer ${token}`], token };
  }

  async close(): Promise<void> {
    await this.theirs?.stop();
    await this.services.own?.stop();
    await this.services.compat?.stop();
    for (const issuer of this.issuers.values()) await issuer.close();
    this.folder.remove();
  }
}

/** oauth2-proxy needs a complete discovery document. */
function publishWhole(issuer: FakeIssuer): FakeIssuer {
  const base = issuer.url.replace(/\/$/, '');
  issuer.discovery = (_, response) =>
    sendJson(response, {
      issuer: issuer.url,
      jwks_uri: `${base}/jwks`,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      id_token_signing_alg_values_supported: ['RS256'],
    });
  return issuer;
}

function pemOf(key: SigningKey | undefined): string {
  if (key === undefined) throw new TypeError('no such key');
  return createPublicKey({ key: key.publicJwk, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  }) as string;
}

function filled(answer: Answer, token: string): Answer {
  if (typeof answer === 'number') return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [name, value.replace(theToken, token)]),
  );
}

async function askHttp(port: number, { method = 'GET', target = '/' }: Ask, lines: readonly string[]) {
  const response = await exchange(port, request(method, target, lines));
  if (response === undefined) throw new Error('the connection ended');
  return response;
}

const statuses: Readonly<Record<string, number>> = { BadRequest: 400, Unauthorized: 401, Forbidden: 403 };

async function askGrpc(port: number, { method = 'GET', target = '/' }: Ask, lines: readonly string[]) {
  const client = connectGrpc(port);
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
  const host = 'orders.example.com';
  const response = await client
    .check({ method, path: target, host, headers: { ':method': method, ':path': target, ...headers } })
    .finally(client.close);
  const set = Object.fromEntries(
    (response.okResponse?.headers ?? []).map(({ header }: OfficialHeaderOption) => [
      header?.key ?? '',
      header?.value ?? '',
    ]),
  );
  const status = response.deniedResponse?.status?.code;
  return {
    answer: response.status?.code === 0 ? identityOf(set) : (statuses[String(status)] ?? Number(status)),
    removed: response.okResponse?.headersToRemove ?? [],
  };
}

/** The headers that name the caller to a workload. */
function identityHeaders({ config }: RunningApp): readonly string[] {
  const claims = config.outputClaimToHeaders.map(({ header }) => header);
  return [...claims, ...(config.outputTokenToHeader === '' ? [] : [config.outputTokenToHeader])];
}

describe.each(installations.map((one) => [one.name, one] as const))('%s', (_, installation) => {
  const scene = new Scene(installation);
  const asks = installation.asks.map((ask) => [ask.name, ask] as const);

  beforeAll(() => scene.open());
  afterAll(() => scene.close());

  test('is migrated: every setting is reported, no secret is printed, and all outputs agree', async () => {
    const { config, values, plan, compat } = await scene.migrated();
    expect([config, values, plan, compat].map(({ code, report }) => [code, code === 0 || report])).toEqual(
      Array(4).fill([0, true]),
    );
    expectNoSecret(scene.folder, [config, values, plan, compat]);
    expectAllReported(scene.folder, config.report);
    expect([values.report, plan.report]).toEqual([config.report, config.report]);
    const tree = parse(config.output);
    expect(parse(values.output)).toMatchObject({ config: expect.anything(), istio: { enabled: true } });
    expect(parse(values.output).config).toEqual(asValue(tree));
    expect(parse(compat.output)).toMatchObject({ ...tree, compat: 'oauth2-proxy' });
  });

  test('makes a configuration that `check-config` accepts', async () => {
    const { config, compat } = await scene.migrated();
    const files = [
      scene.folder.write('own-config.yaml', config.output),
      scene.folder.write('compat-config.yaml', compat.output),
    ];
    const [own = '', ofCompat = ''] = files;
    const judged = await Promise.all([run('check-config', own), checkHere(ofCompat)]);
    for (const { code, output, report } of judged)
      expect([code, report, output.includes('warning')]).toEqual([0, '', false]);
  });

  test.each(asks)('%s: has the expected response', async (_, ask) => {
    const service = await scene.service('own');
    const { lines, token } = await scene.headers(ask);
    const expected = filled(ask.answer, token);
    const response = await askHttp(service.httpPort, ask, lines);
    expect(answerOf(response)).toEqual(expected);
    const grpc = await askGrpc(service.grpcPort, ask, lines);
    expect(grpc.answer).toEqual(expected);
    if (typeof expected === 'number') return;
    // Headers that are not set are removed, so a client cannot send them.
    const removed = response.headers['x-envoy-auth-headers-to-remove']?.split(',') ?? [];
    for (const name of identityHeaders(service))
      for (const list of [removed, grpc.removed])
        expect([name, name in expected, list.includes(name)]).toEqual([
          name,
          name in expected,
          !(name in expected),
        ]);
  });

  describeWith('a real oauth2-proxy', foundProxy, (path) => {
    test.each(asks)('%s: has the response of oauth2-proxy, except for listed differences', async (_, ask) => {
      const proxy = await scene.startTheirs(path);
      const { lines, token } = await scene.headers(ask);
      const response = await askHttp(proxy.port, ask, lines);
      const theirs = answerOf(response);
      if (ask.theirs !== undefined) {
        expect(theirs).toEqual(filled(ask.theirs.answer, token));
        expect(theirs).not.toEqual(filled(ask.answer, token));
        return;
      }
      const expected = filled(ask.answer, token);
      if (typeof expected === 'number') expect(theirs).toBeTypeOf('number');
      else expect(theirs).toEqual(expected);
      // With `compat` there is no difference.
      const compat = await scene.service('compat');
      const ours = await askHttp(compat.httpPort, ask, lines);
      // Without an identity this header is not set either.
      const isSet = compat.config.identityHeaders === 'set';
      const name = isSet ? response.headers['gap-auth'] : undefined;
      expect([answerOf(ours), ours.headers['gap-auth']]).toEqual([theirs, name]);
    });
  });
});

describe.each(refusedInstallations.map((one) => [one.name, one] as const))('%s', (_, installation) => {
  const folder = new Folder(installation);
  afterAll(() => folder.remove());

  test('is refused: the report names the refused settings, and no output is printed', async () => {
    const words = folder.arguments();
    const others = outputs.slice(1).map((output) => migrateHere(...words, '--output', output));
    const printed = await Promise.all([run('migrate', 'oauth2-proxy', ...words), ...others]);
    for (const { code, output, report } of printed) {
      expect([code, code === 3 || report]).toEqual([3, true]);
      expect(output).toBe('');
    }
    const [{ report } = { report: '' }] = printed;
    const refused = report
      .split('\n')
      .flatMap((line) => /^(\S+) \(.*: refused because/.exec(line)?.[1] ?? []);
    expect([...new Set(refused)].toSorted()).toEqual(installation.refused.toSorted());
    expectNoSecret(folder, printed);
    expectAllReported(folder, report);
  });

  test('prints the output if all refused settings are accepted by name', async () => {
    const accept = installation.refused.flatMap((name) => ['--accept', name]);
    const { supplement = [] } = installation;
    const lacking = supplement.length > 0 ? ['--', ...supplement] : [];
    const words = (...more: readonly string[]) => folder.arguments({ more: [...more, ...lacking] });
    const accepted = await run('migrate', 'oauth2-proxy', ...words(...accept));
    expect([accepted.code, accepted.code === 0 || accepted.report]).toEqual([0, true]);
    const file = folder.write('own-config.yaml', accepted.output);
    const judged = await checkHere(file);
    expect([judged.code, judged.code === 0 || judged.report]).toEqual([0, true]);
    expectNoSecret(folder, [accepted, judged]);
    // Accepting only one of them is not enough.
    if (installation.refused.length < 2) return;
    const { code, output } = await migrateHere(...words(...accept.slice(2)));
    expect([code, output]).toEqual([3, '']);
  });
});

const lackingOnes = refusedInstallations.filter(({ supplement }) => supplement !== undefined);

test.each(lackingOnes.map((one) => [one.name, one] as const))(
  '%s is asked for missing settings only if all refused ones are accepted',
  async (_, installation) => {
    const { refused, supplement = [] } = installation;
    const folder = new Folder(installation);
    onTestFinished(() => folder.remove());
    const accept = refused.flatMap((name) => ['--accept', name]);
    const { code, output, report } = await migrateHere(...folder.arguments({ more: accept }));
    expect([code, output]).toEqual([2, '']);
    for (const flag of supplement) expect(report).toContain(`- ${flag.slice(2).split('=')[0]}: expected `);
  },
);

test('every difference has a reason', () => {
  const differing = installations.flatMap(({ asks }) => asks.flatMap(({ theirs }) => theirs ?? []));
  expect(differing.length).toBeGreaterThan(5);
  for (const { because } of differing) expect(because).not.toBe('');
});
