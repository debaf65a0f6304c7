/** Reads the files, folders and standard input that the command line names. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Problem } from '../../../config/validate/problems.ts';
import { readProblem } from '../../../runtime/files/read-problem.ts';
import { readInputFile } from '../../input-file.ts';

/** A text and the name of its file. */
export interface InputText {
  readonly name: string;
  readonly text: string;
  /** Whether a folder contains the file, so that the operator did not name it. */
  readonly isFromFolder: boolean;
}

/** Maximum size of all inputs, in characters. */
const mostCharacters = 64 * 1024 * 1024;
const mostFiles = 10_000;
const deepestFolder = 32;
const standardInput = '-';

/** How to read files; tests replace it. */
export interface Reader {
  readonly readFile: (path: string) => string;
  readonly readInput: () => string;
}

/**
 * Reads the inputs in the order of the command line. A folder stands for its `.yaml`, `.yml` and `.json` files, also in
 * folders below it. Hidden files and symbolic links in a folder are not read.
 *
 * @throws ConfigError if one cannot be read, or if they are too large
 */
export function readInputs(paths: readonly string[], reader: Reader): readonly InputText[] {
  const problems: Problem[] = [];
  const texts: InputText[] = [];
  let characters = 0;
  for (const { path, isFromFolder } of paths.flatMap((path) => filesOf(path, problems))) {
    const isInput = path === standardInput;
    const name = isInput ? 'standard input' : path;
    try {
      const text = readInputFile(path, isInput ? reader.readInput : reader.readFile, name);
      if (text.trim() === '' && !isFromFolder)
        problems.push({
          path: '',
          source: name,
          message: `there is no text; ${isInput ? 'the command before the pipe printed nothing' : 'name a file with manifests'}`,
        });
      characters += text.length;
      if (characters > mostCharacters) {
        problems.push({
          path: '',
          source: name,
          message: `the input is larger than ${mostCharacters / 1024 ** 2} MiB; read fewer objects, for example with kubectl get -n NAMESPACE`,
        });
        break;
      }
      texts.push({ name, text, isFromFolder });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return texts;
}

function filesOf(
  path: string,
  problems: Problem[],
): readonly { readonly path: string; readonly isFromFolder: boolean }[] {
  if (path === standardInput || !isFolder(path)) return [{ path, isFromFolder: false }];
  const files: { path: string; isFromFolder: boolean }[] = [];
  const visit = (folder: string, depth: number): void => {
    if (depth > deepestFolder || files.length > mostFiles) return;
    for (const name of readdirSync(folder).toSorted()) {
      if (name.startsWith('.') || name === 'node_modules') continue;
      const file = join(folder, name);
      const entry = lstatSync(file);
      if (entry.isDirectory()) visit(file, depth + 1);
      else if (entry.isFile() && /\.(ya?ml|json)$/.test(name)) files.push({ path: file, isFromFolder: true });
    }
  };
  try {
    visit(path, 0);
  } catch (error) {
    problems.push({ path: '', source: path, message: `cannot read the folder: ${readProblem(error)}` });
  }
  if (files.length > mostFiles)
    problems.push({
      path: '',
      source: path,
      message: `the folder has more than ${mostFiles} files; name a smaller folder`,
    });
  return files;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Reading it as a file reports the problem.
    return false;
  }
}
