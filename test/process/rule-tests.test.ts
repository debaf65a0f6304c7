/** `check-config --test`: the tests that a team writes for its rules. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const config = `
issuers:
  - {issuer: "https://a.example.com", audiences: [orders], name: a}
  - {issuer: "https://b.example.com", audiences: [orders], name: b, requiredScopes: [b]}
rules:
  - {name: health, match: {paths: [/healthz]}, allow: anonymous}
  - {name: own, match: {paths: ["/users/{**}"]}, require: {expression: 'claims.sub == request.segments[1]'}}
  - {name: write, match: {methods: [POST]}, require: {scopes: [write]}}
`;

function run(table: string, rules = config): Promise<{ code: number; output: string; errors: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'config.yaml'), rules);
  writeFileSync(join(folder, 'table.yaml'), table);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, 'check-config', 'config.yaml', '--test', 'table.yaml'],
      { cwd: folder },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

test('prints the number of tests that are as expected', async () => {
  const { code, output } = await run(`
- {name: health, request: {path: /healthz}, expect: {outcome: allow, rule: health}}
- {name: own, request: {path: /users/alice}, claims: {sub: alice}, expect: {outcome: allow, rule: own}}
- {name: of another, request: {path: /users/bob}, claims: {sub: alice}, expect: {reason: claim_not_allowed}}
- {name: no token, request: {path: /users/alice}, expect: {reason: token_missing}}
- {name: write, request: {method: POST, path: /x}, claims: {scope: write}, expect: {rule: write, outcome: allow}}
- {name: read, request: {path: /x}, claims: {}, expect: {reason: rule_denied, rule: none}}
- {name: another issuer, request: {method: POST}, issuer: b, claims: {scope: write}, expect: {reason: scope_insufficient}}
- {name: unclear, request: {path: //x}, expect: {reason: path_ambiguous}}
- {name: expired, request: {method: POST}, claims: {exp: 5}, expect: {reason: token_expired}}
`);
  expect([code, output]).toEqual([0, '9 of 9 as expected\n']);
});

test('lists the tests that are not as expected, and exits with code 1', async () => {
  const { code, errors } = await run(`
- {name: health, request: {path: /healthz}, expect: {outcome: deny}}
- {name: own, request: {path: /users/bob}, claims: {sub: alice}, expect: {outcome: allow, rule: own}}
- {name: right, request: {path: /healthz}, expect: {outcome: allow}}
`);
  expect(code).toBe(1);
  expect(errors).toBe(
    'health: expected outcome deny, found outcome allow, reason allowed, rule health\n' +
      'own: expected outcome allow, rule own, found outcome deny, reason claim_not_allowed, rule own\n' +
      '1 of 3 as expected\n',
  );
});

test.each([
  ['[]', /^ {2}- \(table\.yaml.*must be a list of tests.*, got an empty list$/m],
  ['name: a', /must be a list of tests.*, got a mapping$/m],
  ['- {name: a}', /\[0\]\.expect \(table\.yaml:1:\d+\): missing; set it to the expected result: .*$/m],
  ['- a', /\[0\] \(table\.yaml:1:\d+\): must be a test: .*, got "a"$/m],
  ['- {name: a, expect: {}}', /must have an outcome, a reason or a rule$/m],
  ['- {name: a, expect: allow}', /\[0\]\.expect .*, got "allow"$/m],
  [
    '- {name: a, expect: {reason: rule_denid}}',
    /\[0\]\.expect\.reason .*got "rule_denid"; did you mean rule_denied\?$/m,
  ],
  [
    '- {name: a, expect: {outcome: permit}}',
    /\[0\]\.expect\.outcome .*one of allow, deny, error, login, got "permit"$/m,
  ],
  [
    '- {name: a, request: {verb: GET}, expect: {outcome: allow}}',
    /\[0\]\.request\.verb .*unknown name; the names are method, host/,
  ],
  [
    '- {name: a, request: {pth: /}, expect: {outcome: allow}}',
    /\[0\]\.request\.pth .*unknown name; did you mean path\?/,
  ],
  [
    '- {name: a, request: {headers: {x: 1}}, expect: {outcome: allow}}',
    /\[0\]\.request\.headers\.x .*must be a mapping of header names to values, got 1$/m,
  ],
  ['- {name: 1, expect: {outcome: allow}}', /\[0\]\.name .*must be the name of the test, got 1$/m],
  ['- {name: a, claims: [], expect: {outcome: allow}}', /\[0\]\.claims .*must be a mapping of claim names/],
  ['- {name: a, expect: {rule: wirte}}', /\[0\]\.expect\.rule .*has no rule "wirte"; did you mean write\?/],
  ['- {name: a, issuer: c, expect: {rule: none}}', /\[0\]\.issuer .*the configuration has no issuer "c"/],
])('lists the problems of an invalid table, and exits with code 2: %s', async (table, message) => {
  const { code, output, errors } = await run(table);
  expect([code, output]).toEqual([2, '']);
  expect(errors).toMatch(message);
  expect(errors).toMatch(/^the table has \d problems?:\n/);
  expect(errors).not.toMatch(/Invalid|Too small|Unrecognized|received/);
});

test('tests a configuration without rules', async () => {
  const { code, output } = await run(
    `
- {name: no token, expect: {reason: token_missing, rule: none}}
- {name: a token, claims: {}, expect: {outcome: allow, rule: none}}
- {name: for another, claims: {aud: b}, expect: {reason: audience_mismatch}}
`,
    'issuers: [{issuer: "https://a", audiences: [a]}]',
  );
  expect([code, output]).toEqual([0, '3 of 3 as expected\n']);
});

test('warns of a rule without audiences for an issuer with several', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'config.yaml'),
    config.replace('audiences: [orders], name: a', 'audiences: [orders, billing], name: a'),
  );
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [main, 'check-config', 'config.yaml'], { cwd: folder }, (_, text) =>
      resolve(text),
    );
  });
  expect(output.split('\n').filter((line) => line.startsWith('# warning'))).toEqual([
    '# warning: the rule own names no audiences, so it accepts a token for any audience of its issuer',
    '# warning: the rule write names no audiences, so it accepts a token for any audience of its issuer',
  ]);
});
