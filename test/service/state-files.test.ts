/** The files of the store in a configuration: each mistake is reported with its option, and never with the content of the file. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { certificateFilesOf } from '../../src/config/describe/certificate-files.ts';
import { fileProblems, filesOf } from '../../src/service/referenced-files.ts';
import { namesFiles } from '../../src/tools/check-config/files-in-invalid-config.ts';
import { configOf } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';

const authority = createAuthority();
const { certFile, keyFile } = authority.issue('client');
const other = authority.issue('other');

const good: Readonly<Record<string, string>> = {
  '/keys': randomBytes(32).toString('base64'),
  '/user': 'authz\n',
  '/password': 'hunter2hunter2\n',
  '/sentinel-password': 'hunter2hunter2',
  '/ca.crt': readFileSync(certFile, 'utf8'),
};

const config = () =>
  configOf(`
issuers: [{issuer: "https://a.example.com", audiences: [a]}]
denyList: {store: true}
state:
  keysFile: /keys
  valkey:
    urls: ["rediss://valkey.example.svc"]
    mode: sentinel
    masterName: main
    usernameFile: /user
    passwordFile: /password
    sentinelPasswordFile: /sentinel-password
    caFile: /ca.crt
    certFile: ${certFile}
    keyFile: ${keyFile}
`);

async function problemsWith(files: Readonly<Record<string, string>>) {
  return fileProblems(await config(), (path) => ({ ...good, ...files })[path] ?? readFileSync(path, 'utf8'));
}

test('usable files have no problem, and all of them are followed', async () => {
  expect(await problemsWith({})).toEqual([]);
  expect(filesOf(await config())).toEqual([
    '/keys',
    '/user',
    '/password',
    '/sentinel-password',
    '/ca.crt',
    certFile,
    keyFile,
  ]);
});

test.each([
  ['state.keysFile', { '/keys': 'hunter2' }],
  ['state.valkey.usernameFile', { '/user': '\n' }],
  ['state.valkey.passwordFile', { '/password': ' ' }],
  ['state.valkey.passwordFile', { '/password': 'hunter2\nhunter2\n' }],
  ['state.valkey.sentinelPasswordFile', { '/sentinel-password': '' }],
  ['state.valkey.caFile', { '/ca.crt': 'hunter2' }],
  ['state.valkey.certFile', { [keyFile]: readFileSync(other.keyFile, 'utf8') }],
])('%s is reported', async (path, files) => {
  const problems = await problemsWith(files);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('the files of an invalid configuration are checked too', () => {
  const { state } = namesFiles({ state: { keysFile: '/keys', valkey: { passwordFile: '/p', urls: 1 } } });
  expect(state).toEqual({ keysFile: '/keys', valkey: { passwordFile: '/p' } });
  expect(namesFiles({ state: 'x' }).state).toBeUndefined();
});

test('the end of its certificates is followed', async () => {
  expect(certificateFilesOf(await config()).map(({ option, file }) => [option, file])).toEqual([
    ['state.valkey.caFile', '/ca.crt'],
    ['state.valkey.certFile', certFile],
  ]);
});
