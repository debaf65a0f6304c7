import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load/load.ts';
import { configOf } from '../../support/app.ts';

const issuers = 'issuers: [{issuer: "https://a.example.com", audiences: [a]}]\n';

describe('compat: oauth2-proxy', () => {
  test('has the headers of its usual settings where nobody set any', async () => {
    const config = await configOf(`${issuers}compat: oauth2-proxy`);
    expect(config.outputClaimToHeaders).toEqual([
      { header: 'x-auth-request-user', claim: 'sub' },
      { header: 'x-auth-request-email', from: 'email' },
      { header: 'x-auth-request-groups', from: 'groups' },
      { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
    ]);
    expect(config.outputTokenToHeader).toBe('x-auth-request-access-token');
    expect(config.setAuthorizationHeader).toBe(true);
    expect(config.issuers[0]?.email.fallbackClaim).toBe('sub');
    // Nothing of it decides.
    expect(config.issuers[0]?.email).toMatchObject({ requireVerified: false });
  });

  test('leaves what was set', async () => {
    const own = `outputClaimToHeaders: []\noutputTokenToHeader: ""\nsetAuthorizationHeader: false\n`;
    const file = `issuers: [{issuer: "https://a.example.com", audiences: [a], email: {claim: mail, fallbackClaim: ""}}]\n`;
    const config = await configOf(`${file}compat: oauth2-proxy\n${own}`);
    expect(config).toMatchObject({
      outputClaimToHeaders: [],
      outputTokenToHeader: '',
      setAuthorizationHeader: false,
    });
    expect(config.issuers[0]?.email).toMatchObject({ claim: 'mail', fallbackClaim: '' });
  });

  test('makes nothing good that is wrong', async () => {
    const wrong = 'issuers: [{issuer: "https://a.example.com", audiences: [a], email: null}]';
    await expect(configOf(`${wrong}\ncompat: oauth2-proxy`)).rejects.toThrow('issuers[0].email');
    await expect(configOf(`${issuers}compat: oauth2-proxy\noutputClaimToHeaders: null`)).rejects.toThrow(
      'outputClaimToHeaders',
    );
  });

  test('never lets a subject pass for an e-mail where e-mails decide', async () => {
    const file = `issuers: [{issuer: "https://a.example.com", audiences: [a], email: {allowedDomains: [example.com]}}]\n`;
    expect((await configOf(`${file}compat: oauth2-proxy`)).issuers[0]?.email.fallbackClaim).toBe('');
  });

  test('sets no authorization where that is removed, or where nothing is set', async () => {
    for (const more of ['forwardOriginalToken: false', 'identityHeaders: remove'])
      expect((await configOf(`${issuers}compat: oauth2-proxy\n${more}`)).setAuthorizationHeader).toBe(false);
  });

  test('has them from the environment and the short form too', async () => {
    const config = await loadConfig({
      flags: [
        { name: '--issuer', value: 'https://a.example.com' },
        { name: '--audience', value: 'a' },
      ],
      environment: { OIDC_AUTHZ_COMPAT: 'oauth2-proxy' },
      readFile: () => '',
    });
    expect(config.outputTokenToHeader).toBe('x-auth-request-access-token');
    expect(config.issuers[0]?.email.fallbackClaim).toBe('sub');
  });

  test('without it nothing of this is so', async () => {
    const config = await configOf(issuers);
    expect([config.outputTokenToHeader, config.setAuthorizationHeader]).toEqual(['', false]);
    expect(config.issuers[0]?.email.fallbackClaim).toBe('');
  });
});
