import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { cipherList } from '../../../src/transport/shared/cipher-suites.ts';

describe('cipher suites', () => {
  test.each([
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
    ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
    ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
    ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ])('%s is %s', (suite, name) => {
    expect(cipherList([suite])).toBe(name);
    tls.createSecureContext({ ciphers: name });
  });

  test('that are unknown are errors, even if they look like those of TLS 1.3', () => {
    expect(() => cipherList(['TLS_AES_128_GCM_SHA256', 'TLS_NOTHING'])).toThrow(
      'unknown cipher suite TLS_NOTHING',
    );
    expect(() => cipherList(['TLS_ECDHE_RSA_WITH_NOTHING'])).toThrow('TLS_ECDHE_RSA_WITH_NOTHING');
  });
});
