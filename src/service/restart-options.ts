/** Options that a running process cannot change. */
import type { Config } from '../config/declare/options.ts';

/** Returns the names of the options that differ between two configurations and need a restart. */
export function restartOptions(before: Config, after: Config): string[] {
  const fixed = (config: Config) => ({
    workers: config.workers,
    http: config.http,
    grpc: config.grpc,
    admin: config.admin,
    'login.listener': config.login?.listener,
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
