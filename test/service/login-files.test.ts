/** The files of logins in a configuration: each mistake is reported with its option, and never with the content of the file. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fileProblems, filesOf } from '../../src/service/referenced-files.ts';
import { configOf } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';

const authority = createAuthority();
const { certFile, keyFile } = authority.issue('client');
const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  format: 'pem',
  type: 'pkcs8',
});
const sessionKey = randomBytes(32).toString('base64');

const good: Readonly<Record<string, string>> = {
  '/keys': sessionKey,
  '/secret': 'hunter2hunter2\n',
  '/key.pem': String(key),
  '/assertion': 'eyJ.x.y',
};

const logins = {
  secret: '{clientId: a, clientSecretFile: /secret}',
  key: '{clientId: a, privateKeyFile: /key.pem}',
  assertion: '{clientId: a, clientAssertionFile: /assertion}',
  certificate: `{clientId: a, certFile: ${certFile}, keyFile: ${keyFile}}`,
};

const configWith = (login: string) =>
  configOf(`
issuers: [{issuer: "https://a.example.com", audiences: [a], name: main, login: ${login}}]
login: {hosts: [shop.example.com]}
sessions: {keysFile: /keys}
`);

async function problemsWith(login: string, files: Readonly<Record<string, string>>) {
  const { readFileSync } = await import('node:fs');
  return fileProblems(await configWith(login), (path) => {
    const text = { ...good, ...files }[path];
    return text ?? readFileSync(path, 'utf8');
  });
}

test.each(Object.entries(logins))('usable files have no problem: %s', async (_, login) => {
  expect(await problemsWith(login, {})).toEqual([]);
});

test.each([
  ['sessions.keysFile', logins.secret, { '/keys': 'short' }],
  ['sessions.keysFile', logins.secret, { '/keys': '' }],
  ['issuers[0].login.clientSecretFile', logins.secret, { '/secret': ' \n' }],
  ['issuers[0].login.privateKeyFile', logins.key, { '/key.pem': '-----BEGIN hunter2-----' }],
  ['issuers[0].login.clientAssertionFile', logins.assertion, { '/assertion': '' }],
  ['issuers[0].login.certFile', logins.certificate, { [keyFile]: String(otherKey) }],
  ['issuers[0].login.certFile', logins.certificate, { [certFile]: 'hunter2' }],
])('%s is reported', async (path, login, files) => {
  const problems = await problemsWith(login, files);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('a file that cannot be read is reported, and all files are followed', async () => {
  const config = await configWith('{clientId: a, clientSecretFile: /nowhere/secret}');
  const problems = await fileProblems(config, (path) => {
    if (path === '/keys') return sessionKey;
    throw Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'open', path });
  });
  expect(problems.map(({ path }) => path)).toEqual(['issuers[0].login.clientSecretFile']);
  expect(filesOf(config)).toEqual(['/keys', '/nowhere/secret']);
});
