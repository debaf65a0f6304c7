/** Reads a file once: its content, or why it cannot be read. */
import { readFileSync, statSync } from 'node:fs';

/** The file system. */
export interface FileSystem {
  /** @throws the error of the file system */
  readonly stat: (path: string) => FileState;
  /** @throws the error of the file system */
  readonly read: (path: string) => Buffer;
}

/** The state of a file, without its content. */
export interface FileState {
  /** Changes if the content may have changed, as far as the file system reports it. */
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** False for a folder, a pipe or a device. */
  readonly isFile: boolean;
}

/** The content of a file at one time, or why it could not be read. */
export type FileSnapshot =
  | { readonly version: string; readonly bytes: Buffer; readonly isConfirmed: boolean }
  | { readonly version: string; readonly problem: Error };

/** Files up to this size, in bytes, are always read. Reading 256 KiB takes 0.2 ms. */
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
 * Reads a file. Never throws.
 *
 * A large file is not read again after two snapshots had the same version and content. One is not enough, because a file
 * can change again in the same tick of the file system's clock. A pipe or a device is read only once.
 *
 * @param previous the snapshot before
 */
export function readSnapshot(
  path: string,
  files: FileSystem,
  previous: FileSnapshot | undefined,
): FileSnapshot {
  let version = '';
  try {
    const state = files.stat(path);
    version = state.version;
    const isSameVersion = previous?.version === version;
    if (!state.isFile && previous !== undefined)
      return isSameVersion ? previous : { version, problem: new Error('it is not a file') };
    if (isSameVersion && state.size > alwaysRead && 'isConfirmed' in previous && previous.isConfirmed)
      return previous;
    const bytes = files.read(path);
    const isConfirmed = isSameVersion && 'bytes' in previous && previous.bytes.equals(bytes);
    return { version, bytes, isConfirmed };
  } catch (error) {
    return { version, problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Whether two snapshots have the same content, or the same error. */
export function isSameContent(one: FileSnapshot, other: FileSnapshot): boolean {
  if (one === other) return true;
  if ('bytes' in one) return 'bytes' in other && one.bytes.equals(other.bytes);
  return 'problem' in other && one.problem.message === other.problem.message;
}
