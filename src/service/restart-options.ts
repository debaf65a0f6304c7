/** Options that a running process cannot change. */
import type { Config } from '../config/declare/options.ts';

/** `state.valkey`, which names a store. */
type StoreOptions = NonNullable<Config['state']>['valkey'];

/**
 * Returns the names of the options that differ between two configurations and need a restart.
 *
 * @param opened the options of the store that this process has opened. It keeps that store, also if a configuration without `state`
 * was in use since then
 */
export function restartOptions(before: Config, after: Config, opened?: StoreOptions): string[] {
  const isOtherStore = opened !== undefined && after.state !== undefined;
  const fixed = (config: Config, store: StoreOptions | undefined) => ({
    workers: config.workers,
    http: config.http,
    grpc: config.grpc,
    admin: config.admin,
    'login.listener': config.login?.listener,
    'state.valkey': isOtherStore ? store : undefined,
    'log.format': config.log.format,
    'limits.maxGrpcMessageSize': config.limits.maxGrpcMessageSize,
    'limits.maxGrpcBodySize': config.limits.maxGrpcBodySize,
  });
  const [old, next] = [fixed(before, opened), fixed(after, after.state?.valkey)];
  return Object.keys(old).filter((name) => {
    const key = name as keyof typeof old;
    return JSON.stringify(old[key]) !== JSON.stringify(next[key]);
  });
}
