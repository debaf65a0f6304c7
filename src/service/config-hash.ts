/** Identifies a configuration, so that you can compare a running service with a file. */
import { hash } from 'node:crypto';
import type { Config } from '../config/declare/options.ts';

/** The first 16 digits of a SHA-256 of the configuration with all defaults. */
export function configHash(config: Config): string {
  return hash('sha256', JSON.stringify(config)).slice(0, 16);
}
