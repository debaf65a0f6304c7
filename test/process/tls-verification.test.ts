/** The process does not start if certificates would not be verified. */
import { expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';

const args = ['--issuer', 'https://idp.example.com', '--audience', 'a'];

test.each([[args], [['check-config', ...args]]])(
  'rejects NODE_TLS_REJECT_UNAUTHORIZED=0 with exit code 2: %j',
  async (words) => {
    const service = startProcess(words, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(await service.exit).toBe(2);
    expect(service.errors()).toMatch(/^oidc-authz: NODE_TLS_REJECT_UNAUTHORIZED=0 .*caFile/m);
  },
);
