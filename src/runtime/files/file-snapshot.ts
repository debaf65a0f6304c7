/** One look at a file: what stands in it, or why that cannot be had. */
import { readFileSync, statSync } from 'node:fs';

/** The file system, as far as files are looked at. */
export interface FileSystem {
  /** Throws what the file system says. */
  readonly stat: (path: string) => FileState;
  /** Throws what the file system says. */
  readonly read: (path: string) => Buffer;
}

/** What is known of a file without reading it. */
export interface FileState {
  /** Differs where the content may differ, as far as the file system tells. */
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** False for a folder, a pipe or a device. */
  readonly isFile: boolean;
}

/** What a look found. */
export type Look =
  | { readonly version: string; readonly bytes: Buffer; readonly isSure: boolean }
  | { readonly version: string; readonly problem: Error };

/** Files up to this size, in bytes, are read at every look; 256 KiB take a fifth of a millisecond. */
const alwaysRead = 256 * 1024;

/** The file system of the machine. */
export const systemFiles: FileSystem = {
  stat: (path) => {
    const stats = statSync(path, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs } = stats;
    const isFile = stats.isFile();
    return {
      version: isFile ? `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}` : `${dev}:${ino}`,
      size: Number(size),
      isFile,
    };
  },
  read: (path) => readFileSync(path),
};

/**
 * Looks at a file. Never throws.
 *
 * A large file is not read again once two looks have read the same from the same version of it: what was written in the
 * same tick of the file system's clock as the first of them, the second has seen. What is not a file is read once at
 * most: a pipe says everything once.
 *
 * @param previous what the look before found
 */
export function lookAt(path: string, files: FileSystem, previous: Look | undefined): Look {
  let version = '';
  try {
    const state = files.stat(path);
    version = state.version;
    const isSameVersion = previous?.version === version;
    if (!state.isFile && previous !== undefined)
      return isSameVersion ? previous : { version, problem: new Error('it is not a file') };
    if (isSameVersion && state.size > alwaysRead && 'isSure' in previous && previous.isSure) return previous;
    const bytes = files.read(path);
    const isSure = isSameVersion && 'bytes' in previous && previous.bytes.equals(bytes);
    return { version, bytes, isSure };
  } catch (error) {
    return { version, problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Whether two looks found the same. */
export function foundTheSame(one: Look, other: Look): boolean {
  if (one === other) return true;
  if ('bytes' in one) return 'bytes' in other && one.bytes.equals(other.bytes);
  return 'problem' in other && one.problem.message === other.problem.message;
}
