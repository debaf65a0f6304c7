/**
 * `npm run fuzz -- [SECONDS] [SEED]`: checks the invariants of test/security with random inputs, by default for 60 seconds. It
 * prints the seed, which repeats the run.
 */
import fc from 'fast-check';
import { createInvariants } from '../test/security/invariants.ts';
import { startFakeIssuer } from '../test/support/fake-issuer.ts';

const [seconds = '60', firstSeed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const issuer = await startFakeIssuer();
const { invariants, stop } = await createInvariants(issuer);
const end = performance.now() + Number(seconds) * 1000;
let seed = Number(firstSeed);
let runs = 0;
let failures = 0;
process.stdout.write(`seed ${seed}, ${seconds} s\n`);
while (performance.now() < end && failures === 0) {
  for (const { name, property } of invariants) {
    const outcome = await fc.check(property, { seed, numRuns: 200 });
    runs += outcome.numRuns;
    if (!outcome.failed) continue;
    failures++;
    process.stdout.write(`FAILED with seed ${seed}: ${name}\n${fc.defaultReportMessage(outcome)}\n`);
  }
  seed++;
}
stop();
await issuer.close();
process.stdout.write(`${runs} inputs, seeds ${firstSeed} to ${seed - 1}, ${failures} failures\n`);
process.exitCode = failures === 0 ? 0 : 1;
