/** The cost of rules: a check of a cached token with 0, 1, 50 and 1,000 rules. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audience } from '../../test/support/fake-issuer.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { cpuTable, type Group } from './group.ts';

const counts = [0, 1, 50, 1_000];

/** Rules whose last one decides the path of the load. */
function rulesOf(count: number): object[] {
  return Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1;
    const paths = [isLast ? '/orders/{**}' : `/service-${index}/{*}/items/{**}`];
    return {
      name: `rule-${index}`,
      match: { paths, methods: ['GET', 'POST'] },
      require: { claims: { aud: [audience, 'other'] } },
    };
  });
}

/** Cost per check by the number of rules. */
export const rules: Group = {
  name: 'rules',
  title: 'Rules',
  run: async (bench) => {
    const {
      mint: { mint, issuer, jwks },
      pool,
    } = bench;
    const tokens = mint(1);
    const cases: CpuCase[] = [];
    for (const count of counts) {
      const file = join(tmpdir(), `oidc-authz-bench-${process.pid}-rules.json`);
      const issuers = [{ issuer: issuer.url, audiences: [audience], jwks }];
      writeFileSync(file, JSON.stringify({ issuers, ...(count > 0 && { rules: rulesOf(count) }) }));
      const server = await pool.service(['--config', file]);
      rmSync(file);
      const against = count === 1_000 ? 'rules: 1' : 'rules: 0';
      const target = count === 1_000 ? 'manyRules' : 'fewRules';
      cases.push({
        protocol: 'http',
        expected: 'allowed',
        name: `rules: ${count}`,
        server,
        tokens,
        against,
        ...(count > 0 && { target }),
      });
    }
    const rows = await measureCpu(cases, bench);
    return {
      tables: [cpuTable('A check over HTTP with a cached token, by the number of rules for one host', rows)],
    };
  },
};
