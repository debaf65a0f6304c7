/** NO_PROXY compared with Go's client: one process for each list, because the client reads its environment once. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownGoProgram } from '../../tools/programs.ts';
import { alike, beyond, type NoProxyCase } from '../support/no-proxy-cases.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith("NO_PROXY compared with Go's client", await ownGoProgram('proxy-oracle'), (program) => {
  test('both lists of cases have the expected results', () => {
    const isProxied = ([list, url]: NoProxyCase) =>
      execFileSync(program, {
        input: url,
        env: { HTTP_PROXY: 'http://proxy.test:1', HTTPS_PROXY: 'http://proxy.test:1', NO_PROXY: list },
      }).toString() === 'true\n';
    const cases = [...alike, ...beyond];
    expect(cases.map((one) => [one[0], one[1], isProxied(one)])).toEqual(cases);
  });
});
