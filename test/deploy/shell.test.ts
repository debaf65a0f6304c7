import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { programs } from '../support/fetch-programs.ts';
import { describeWith } from '../support/real-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describeWith('shellcheck', await programs.shellcheck(), (path) => {
  test.each(['deploy/kyma/register.sh', '.ci/run'])('finds no problem in %s', async (script) => {
    await expect(promisify(execFile)(path, [script], { cwd: root })).resolves.toMatchObject({ stdout: '' });
  });
});
