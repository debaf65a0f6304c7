/** Reads what to ask: a configuration, the admin listener, or a check port. */
import type { ConfigSources } from '../../config/load/load.ts';
import { configFileOf } from '../../config/load/load.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import type { ExplainTarget } from '../../tools/explain/explain.ts';
import { singleProblem } from '../../tools/single-problem.ts';
import { originOf, readAdminAccess, readTls } from '../admin-access.ts';
import type { FlagReader } from '../flag-reader.ts';

/**
 * Reads the target.
 *
 * @throws ConfigError if a value, a file or the configuration is invalid
 */
export async function readTarget(flags: FlagReader, sources: ConfigSources): Promise<ExplainTarget> {
  const [admin, address, http] = [flags.last('--admin'), flags.last('--grpc'), flags.last('--http')];
  if (admin === undefined && address === undefined && http === undefined) return offline(flags, sources);
  const { readFile } = sources;
  const tls = readTls(flags, readFile);
  if (address !== undefined) {
    if (!/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(address))
      throw singleProblem('flag --grpc', 'expected HOST:PORT, such as 127.0.0.1:9000');
    const isSecure = flags.has('--tls') || flags.has('--ca-file') || flags.has('--cert-file');
    return { mode: 'grpc', address, tls: isSecure ? tls : undefined };
  }
  if (admin === undefined)
    return {
      mode: 'http',
      origin: originOf(http ?? '', '--http', 'http://127.0.0.1:8000'),
      pathPrefix: flags.last('--path-prefix') ?? '',
      tls,
    };
  return { mode: 'online', access: readAdminAccess(flags, admin, readFile) };
}

async function offline(flags: FlagReader, sources: ConfigSources): Promise<ExplainTarget> {
  const at = timeOf(flags.last('--at'));
  const { checkConfig } = await import('../../tools/check-config/check-config.ts');
  const { result } = await checkConfig(sources, true, isOfLogin);
  if ('problems' in result) throw new ConfigError(result.problems);
  return {
    mode: 'offline',
    name: configFileOf(sources) ?? 'flags and environment',
    config: result.config,
    sources: result.sources,
    at,
    jwks: flags.last('--jwks'),
  };
}

/** Milliseconds since the epoch. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isSeconds = /^\d{1,11}(\.\d{1,3})?$/.test(text);
  const isDate = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const time = isSeconds ? Number(text) * 1000 : isDate ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw singleProblem('flag --at', 'expected a time such as 2026-11-26T12:00:00Z, or seconds since 1970');
  return time;
}

/** The secrets of a login are rarely on the machine of a developer. Without them, no session can be opened. */
function isOfLogin(option: string): boolean {
  return option === 'sessions.keysFile' || /^issuers\[\d+\]\.login\./.test(option);
}
