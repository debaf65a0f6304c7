import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findEnvoy } from '../../tools/envoy.ts';
import { describeWith } from '../support/real-servers.ts';

const folder = fileURLToPath(new URL('../../deploy/envoy', import.meta.url));

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(readdirSync(folder))('accepts deploy/envoy/%s', async (name) => {
    const { stdout, stderr } = await promisify(execFile)(path, [
      '--mode',
      'validate',
      '--config-path',
      `${folder}/${name}`,
    ]);
    expect(stdout + stderr).toMatch(/configuration '.*' OK/);
  });
});
