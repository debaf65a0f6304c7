/** The folder for fetched programs, which git ignores. */
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns the folder of one program, and creates it if necessary. */
export function cacheFolder(tool: string): string {
  const folder = fileURLToPath(new URL(`../.cache/${tool}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Finds a program on the PATH. */
export function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(existsSync);
}
