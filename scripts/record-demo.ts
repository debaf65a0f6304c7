/** `npm run picture`: runs the demo and draws its output as the picture of the README. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { demoLines, demoPicture, drawTerminal } from './terminal-picture.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const title =
  'A terminal after `npm run demo -- --once`: Envoy asks the authorizer about each request. It denies requests without a valid token, and the workload gets identity headers that no client can set. A person signs in and out. Then `explain` gives the cause of a denial.';

const { stdout, status } = spawnSync(process.execPath, [`${root}demo/main.ts`, '--once'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});
if (status !== 0) {
  process.stderr.write(`picture: the demo failed with exit code ${status}; run \`npm run demo -- --once\`\n`);
  process.exit(1);
}
const lines = demoLines(stdout.replaceAll(root, ''));
writeFileSync(`${root}${demoPicture}`, drawTerminal(title, 'npm run demo -- --once', lines));
process.stdout.write(`wrote ${demoPicture}\n`);
