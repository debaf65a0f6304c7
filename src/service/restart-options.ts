/** Options that a running process cannot change. */
import type { Config } from '../config/declare/options.ts';

/** Returns the names of the options that differ between two configurations and need a restart. */
export function restartOptions(before: Config, after: Config): string[] {
  // A store is opened and left without a restart.
  const areBothWithState = before.state !== undefined && after.state !== undefined;
  const fixed = (config: Config) => ({
    workers: config.workers,
    http: config.http,
    grpc: config.grpc,
    admin: config.admin,
    'login.listener': config.login?.listener,
    'state.valkey': areBothWithState ? config.state?.valkey : undefined,
    'log.format': config.log.format,
    'limits.maxGrpcMessageSize': config.limits.maxGrpcMessageSize,
    'limits.maxGrpcBodySize': config.limits.maxGrpcBodySize,
  });
  const [old, next] = [fixed(before), fixed(after)];
  return Object.keys(old).filter((name) => {
    const key = name as keyof typeof old;
    return JSON.stringify(old[key]) !== JSON.stringify(next[key]);
  });
}
