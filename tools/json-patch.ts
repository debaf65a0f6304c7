/** Applies JSON patches (RFC 6902) with the library of the API server. */
import { spawnSync } from 'node:child_process';
import { type FoundProgram, ownGoProgram } from './programs.ts';

/** The patched document, or an error. */
export type Patched = { readonly document: unknown } | { readonly error: string };

/** Builds the program and returns its path. */
export function findJsonPatch(): Promise<FoundProgram> {
  return ownGoProgram('json-patch');
}

/** Applies each patch to its document. */
export function applyPatches(
  program: string,
  cases: readonly { readonly document: unknown; readonly patch: readonly object[] }[],
): readonly Patched[] {
  const input = cases.map((one) => JSON.stringify(one)).join('\n');
  const { status, stdout, stderr } = spawnSync(program, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Patched);
}
