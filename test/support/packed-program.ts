/** The program as `npm pack` packs it: unpacked into a folder without any package. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '../../scripts/bundle/bundle.ts';
import { writeBundle } from '../../scripts/bundle/write-bundle.ts';
import { writePackage } from '../../scripts/bundle/write-package.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** An unpacked program. */
export interface PackedProgram {
  readonly main: string;
  /** The files, and their modules. */
  readonly chunks: Bundle['chunks'];
  /** The folder with the source maps of its files. */
  readonly maps: string;
  /** The flags that the image starts Node with, for its folder and the files of tests. */
  readonly imageFlags: readonly string[];
}

/** Builds, packs and unpacks the program. */
export async function packProgram(): Promise<PackedProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-packed-'));
  const { chunks } = await writeBundle(root, folder);
  writePackage(root, folder, join(folder, 'unpacked'));
  const options = { cwd: folder, stdio: 'ignore' } as const;
  execFileSync('npm', ['pack', './unpacked'], options);
  execFileSync(
    'sh',
    ['-c', 'mkdir app && tar --extract --gzip --file oidc-authz-*.tgz --directory app'],
    options,
  );
  const app = join(folder, 'app/package');
  const [, list = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const flags = (JSON.parse(list) as string[]).filter((word) => word.startsWith('--'));
  return {
    chunks,
    main: join(app, 'dist/main.js'),
    maps: join(folder, 'source-maps'),
    imageFlags: [...flags.map((flag) => flag.replace('=/app', `=${app}`)), `--allow-fs-read=${tmpdir()}`],
  };
}
