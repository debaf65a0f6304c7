import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findEnvoy } from '../../tools/envoy.ts';
import { describeWith } from '../support/real-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = globSync('deploy/{envoy/*,login/envoy-{http,grpc}}.yaml', { cwd: root });

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(files)('accepts %s', async (name) => {
    const { stdout, stderr } = await promisify(execFile)(path, [
      '--mode',
      'validate',
      '--config-path',
      `${root}${name}`,
    ]);
    expect(stdout + stderr).toMatch(/configuration '.*' OK/);
  });
});
