/** Converts names of cipher suites from IANA's (RFC 5289, RFC 7905) to OpenSSL's. */
import tls from 'node:tls';

/**
 * Creates the list for OpenSSL from names of either kind. Unknown names are errors, because OpenSSL silently ignores those
 * that look like a suite of TLS 1.3.
 *
 * @throws Error that names the unknown suite
 */
export function cipherList(suites: readonly string[]): string {
  const known = new Set(tls.getCiphers());
  const names = suites.map(opensslName);
  const unknown = names.findIndex((name) => !known.has(name.toLowerCase()));
  if (unknown >= 0) throw new Error(`unknown cipher suite ${suites[unknown]}`);
  return names.join(':');
}

/** Converts `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` to `ECDHE-RSA-AES128-GCM-SHA256`. Suites of TLS 1.3 have one name. */
function opensslName(suite: string): string {
  const [, exchange, cipher = ''] = /^TLS_(.+)_WITH_(.+)$/.exec(suite) ?? [];
  if (exchange === undefined) return suite;
  const short = cipher
    .replace(/^AES_(\d+)_CBC_/, 'AES$1_')
    .replace(/^AES_(\d+)/, 'AES$1')
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, '$1');
  return (exchange === 'RSA' ? short : `${exchange}_${short}`).replaceAll('_', '-');
}
