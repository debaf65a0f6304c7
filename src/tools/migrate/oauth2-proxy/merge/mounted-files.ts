/** Files that settings name and the pod mounts. */
import type { MountedFile } from '../read/cluster/mounts.ts';
import type { Collected } from '../read/collected.ts';
import type { Layers } from './precedence.ts';

/** The file that is mounted at a path; undefined if no mount is known there. */
export function mountedAt(path: string, { mounts }: Collected): MountedFile | undefined {
  return mounts.map((fileAt) => fileAt(path)).find((file) => file !== undefined);
}

/** Reports files that settings name, such as key files: the new configuration names them by the same paths. */
export function reportMountedFiles({ keys, variables, flags }: Layers, collected: Collected): void {
  for (const { flag, value } of [...keys, ...variables, ...flags])
    for (const path of typeof value === 'object' ? value : [String(value)]) {
      if (!path.startsWith('/') || flag === 'authenticated-emails-file') continue;
      const file = mountedAt(path, collected);
      if (file !== undefined && 'text' in file)
        collected.findings.push({
          setting: flag,
          source: file.name,
          verdict: 'changed',
          text: `${path} is this file; if the configuration names it, mount it at the same path`,
        });
    }
}
