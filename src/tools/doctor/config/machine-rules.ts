/** Rules of `doctor` about a configuration that need the machine of the service: its certificates and its cores. */
import type { Config } from '../../../config/declare/options.ts';
import { listenerTls } from '../../../config/describe/listener-tls.ts';
import { certificateEnds } from '../../../runtime/files/pem-blocks.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';

/** The input of the rules. */
export interface MachineInput {
  readonly config: Config;
  /** The file with the configuration. */
  readonly source: string;
  readonly readFile: (path: string) => string;
  /** The number of cores that this process may use. */
  readonly cores: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A certificate with less time than this is about to expire, in milliseconds. */
const soon = 14 * 24 * 60 * 60 * 1_000;

const certificates: Rule<MachineInput> = {
  id: 'K97',
  title: 'Certificate of a listener that expires soon',
  severity: 'warning',
  effect: 'When the certificate expires, Envoy, the kubelet or Prometheus reject the connection.',
  fix: 'Renew the certificate. The service loads the changed file without a restart.',
  check: ({ config, source, readFile, now }) =>
    listenerTls(config).flatMap(({ option, tls }): readonly Found[] => {
      const file = tls?.certFile;
      const end = file === undefined ? undefined : endOf(file, readFile);
      if (end === undefined || end - now > soon) return [];
      return [
        {
          place: { file: source, object: '', path: `${option}.certFile` },
          cause: `The certificate in ${file} ${end <= now ? 'expired' : 'expires'} on ${new Date(end).toISOString()}.`,
          severity: end <= now ? 'error' : 'warning',
        },
      ];
    }),
};

const workers: Rule<MachineInput> = {
  id: 'K90',
  title: 'More workers than cores',
  severity: 'note',
  effect: 'The workers share the cores: the memory grows, and the throughput does not.',
  fix: 'Set `workers: auto`, or at most the number of cores of the Pod.',
  check: ({ config, source, cores }) =>
    typeof config.workers === 'number' && config.workers > cores
      ? [
          {
            place: { file: source, object: '', path: 'workers' },
            cause: `\`workers\` is ${config.workers}, and this machine has ${cores} cores.`,
          },
        ]
      : [],
};

/** The rules about the machine. */
export const machineRules: readonly Rule<MachineInput>[] = [workers, certificates];

/** The earliest end of the certificates in a file; undefined if the file is not on this machine, or has none. */
function endOf(file: string, readFile: (path: string) => string): number | undefined {
  try {
    const ends = certificateEnds(readFile(file));
    return ends.length === 0 ? undefined : Math.min(...ends);
  } catch {
    return undefined;
  }
}
