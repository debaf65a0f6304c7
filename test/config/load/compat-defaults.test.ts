import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load/load.ts';
import { configOf } from '../../support/app.ts';

const issuers = 'issuers: [{issuer: "https://a.example.com", audiences: [a]}]\n';

describe('compat: oauth2-proxy', () => {
  test('sets the usual headers of oauth2-proxy if none are configured', async () => {
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
    // The email does not affect any decision.
    expect(config.issuers[0]?.email).toMatchObject({ requireVerified: false });
  });

  test('keeps configured values', async () => {
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

  test('does not accept an invalid configuration', async () => {
    const wrong = 'issuers: [{issuer: "https://a.example.com", audiences: [a], email: null}]';
    await expect(configOf(`${wrong}\ncompat: oauth2-proxy`)).rejects.toThrow('issuers[0].email');
    await expect(configOf(`${issuers}compat: oauth2-proxy\noutputClaimToHeaders: null`)).rejects.toThrow(
      'outputClaimToHeaders',
    );
  });

  test('never uses the subject as email if emails decide about access', async () => {
    const file = `issuers: [{issuer: "https://a.example.com", audiences: [a], email: {allowedDomains: [example.com]}}]\n`;
    expect((await configOf(`${file}compat: oauth2-proxy`)).issuers[0]?.email.fallbackClaim).toBe('');
  });

  test('does not set authorization if it is removed, or if no header is set', async () => {
    for (const more of ['forwardOriginalToken: false', 'identityHeaders: remove'])
      expect((await configOf(`${issuers}compat: oauth2-proxy\n${more}`)).setAuthorizationHeader).toBe(false);
  });

  test('applies with the environment and the short form', async () => {
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

  test('changes no default without the option', async () => {
    const config = await configOf(issuers);
    expect([config.outputTokenToHeader, config.setAuthorizationHeader]).toEqual(['', false]);
    expect(config.issuers[0]?.email.fallbackClaim).toBe('');
  });
});
