/** Compares the handling of real and unusual key sets with go-oidc, which oauth2-proxy uses. */
import { expect, onTestFinished, test } from 'vitest';
import { findGoOidcOracle, startGoOidcOracle } from '../../tools/go-oidc-oracle.ts';
import { audience } from '../support/fake-issuer.ts';
import { allowedAlgorithms, issuerUrl } from '../support/key-choice.ts';
import { providerCases, toleratedCases } from '../support/key-set-cases.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('go-oidc', await findGoOidcOracle(), (path) => {
  test('go-oidc gives the results of the table, and this service accepts the same or has a stated reason', async () => {
    const oracle = startGoOidcOracle(path);
    onTestFinished(oracle.stop);
    const cases = [...providerCases, ...toleratedCases];
    const found = [];
    for (const { name, jwks, token } of cases) {
      const error = await oracle.ask({
        jwks,
        issuer: issuerUrl,
        audience,
        algorithms: allowedAlgorithms,
        token,
        now: Math.floor(Date.now() / 1000),
      });
      found.push([name, error === '']);
    }
    expect(found).toEqual(cases.map(({ name, others }) => [name, others.goOidc]));
  });
});
