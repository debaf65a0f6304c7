/** `npm run package`: builds the program, and packs it into `oidc-authz-VERSION.tgz`. It needs no network. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBundle } from './bundle/write-bundle.ts';
import { writePackage } from './bundle/write-package.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-package-'));
await writeBundle(root, root);
writePackage(root, root, folder);
execFileSync('npm', ['pack', folder, '--pack-destination', root], {
  cwd: folder,
  stdio: ['ignore', 'inherit', 'ignore'],
});
rmSync(folder, { recursive: true });
