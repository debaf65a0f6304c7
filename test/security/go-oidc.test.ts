/** What go-oidc makes of the key sets of real providers, and of odd ones: it is what many would come from. */
import { expect, onTestFinished, test } from 'vitest';
import { findGoOidcOracle, startGoOidcOracle } from '../../tools/go-oidc-oracle.ts';
import { audience } from '../support/fake-issuer.ts';
import { allowedAlgorithms, issuerUrl } from '../support/key-choice.ts';
import { providerCases, toleratedCases } from '../support/key-set-cases.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('go-oidc', await findGoOidcOracle(), (path) => {
  test('takes and refuses what the table says, and what it takes is taken here, or refused for a reason', async () => {
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
