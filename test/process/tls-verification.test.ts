/** What a process is not started with. */
import { expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';

const args = ['--issuer', 'https://idp.example.com', '--audience', 'a'];

test.each([[args], [['check-config', ...args]]])(
  'with certificates unverified by NODE_TLS_REJECT_UNAUTHORIZED=0: %j',
  async (given) => {
    const service = startProcess(given, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(await service.exit).toBe(2);
    expect(service.errors()).toMatch(/^oidc-authz: NODE_TLS_REJECT_UNAUTHORIZED=0 .*caFile/m);
  },
);
