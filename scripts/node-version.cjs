/** Says what to do where the Node that runs is older than the one that this project is written for. Any Node can read it. */
'use strict';

const needed = 26;
const { node } = process.versions;

if (Number.parseInt(node, 10) < needed) {
  process.stderr.write(
    `oidc-authz runs on Node ${needed} or newer; this is Node ${node}.\n` +
      `On Linux (x64, arm64) \`npm ci\` brings Node ${needed}, and \`npm start\`, \`npm run demo\` and \`npm test\` use it:\n` +
      'run `npm ci` again, without `--omit=optional`, and start through npm.\n' +
      `Elsewhere install Node ${needed} (https://nodejs.org), and run the same command again.\n`,
  );
  process.exit(1);
}
