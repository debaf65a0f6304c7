/** Reads inputs for tests: settings as a plain object, problems and findings as lines. */
import { ConfigError } from '../../../../src/config/validate/problems.ts';
import type { Installation } from '../../../../src/tools/migrate/oauth2-proxy/merge/installation.ts';
import { mergeSources } from '../../../../src/tools/migrate/oauth2-proxy/merge/merge.ts';
import { readSources } from '../../../../src/tools/migrate/oauth2-proxy/read/read-sources.ts';

/** The inputs of a test. */
export interface Inputs {
  /** File texts by file name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly shell?: Readonly<Record<string, string>>;
  readonly readFile?: (path: string) => string;
}

/** Reads inputs without problems. */
export function read(inputs: Inputs): Installation {
  const merged = readAll(inputs);
  if (merged.problems.length > 0) throw new ConfigError(merged.problems);
  return merged;
}

function readAll({ files = {}, flags = [], environment = {}, shell, readFile }: Inputs): Installation {
  return mergeSources(
    readSources({
      files: Object.entries(files).map(([name, text]) => ({ name, text })),
      commandLine: flags,
      environment,
      ...(shell !== undefined && { shell }),
      ...(readFile !== undefined && { readFile }),
    }),
  );
}

/** The values of settings by flag. */
export function valuesOf(inputs: Inputs): Record<string, unknown> {
  return Object.fromEntries([...read(inputs).settings].map(([flag, { value }]) => [flag, value]));
}

/** The sources of settings by flag. */
export function sourcesOf(inputs: Inputs): Record<string, string> {
  return Object.fromEntries([...read(inputs).settings].map(([flag, { source }]) => [flag, source]));
}

/** The findings as `setting (source) verdict: text`. */
export function findingsOf(inputs: Inputs): string[] {
  return read(inputs).findings.map(
    ({ setting, source, verdict, text }) => `${setting} (${source}) ${verdict}: ${text}`,
  );
}

/** The problems as `path (source): message`; empty if there is none. */
export function problemsOf(inputs: Inputs): string[] {
  return readAll(inputs).problems.map(({ path, source, message }) => `${path} (${source}): ${message}`);
}
