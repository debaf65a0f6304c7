/** Rules of `doctor --envoy` about the running process: its version, its certificates, and its counters. */
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import { envoyVersion, loginOnOldEnvoy } from '../rules/k12-envoy-version.ts';
import type { EnvoyInput } from './input.ts';
import { listAt, textAt } from './message.ts';

const dayMs = 24 * 60 * 60 * 1_000;

const version: Rule<EnvoyInput> = {
  ...envoyVersion,
  check: (input) =>
    / 1\.37\.0 /.test(` ${input.version.replaceAll(/[/-]/g, ' ')} `) &&
    input.filters.some(({ transport }) => transport === 'http')
      ? [
          {
            place: { file: input.url, object: '', path: '/server_info' },
            cause: `The version is ${input.version}.`,
            ...(input.config?.login !== undefined && loginOnOldEnvoy),
          },
        ]
      : [],
};

const certificates: Rule<EnvoyInput> = {
  id: 'K80',
  title: 'Certificate of Envoy that expires soon',
  severity: 'warning',
  effect: 'When the certificate expires, clients or the service reject the TLS connections of this Envoy.',
  fix: 'Renew the certificate. In Istio, the sidecar renews it itself: see the log of istio-proxy.',
  check: ({ url, certificates: all, now }) =>
    listAt(all, 'certificates')
      .flatMap((one) => [...listAt(one, 'cert_chain'), ...listAt(one, 'ca_cert')])
      .flatMap((one): Found[] => {
        const [from, to] = [textAt(one, 'valid_from'), textAt(one, 'expiration_time')].map((text) =>
          Date.parse(text),
        );
        if (from === undefined || to === undefined || Number.isNaN(to)) return [];
        const left = to - now;
        // Short-lived certificates are renewed after half of their time.
        const lifetime = Number.isNaN(from) ? Number.POSITIVE_INFINITY : to - from;
        if (left > Math.min(14 * dayMs, lifetime / 5)) return [];
        const name = textAt(one, 'path') || `serial number ${textAt(one, 'serial_number')}`;
        return [
          {
            place: { file: url, object: `certificate ${name}`, path: '/certs' },
            cause: `It ${left <= 0 ? 'expired' : 'expires'} on ${textAt(one, 'expiration_time')}.`,
            severity: left <= 0 ? 'error' : 'warning',
          },
        ];
      }),
};

const counters: Rule<EnvoyInput> = {
  id: 'K81',
  title: 'Checks without a response',
  severity: 'warning',
  effect:
    'Envoy got no response within its timeout, or a 5xx. It applied its failure mode to these requests.',
  fix: 'Find the cause: readiness and log of the service, its CPU limit, the endpoints of its cluster, and the timeout of the check. The counters begin with the start of Envoy.',
  check: ({ url, counters: all }) => {
    const sum = (name: string) =>
      [...all].reduce(
        // Each counter of a connection manager is counted for its cluster again.
        (total, [counter, value]) =>
          counter.startsWith('http.') && counter.endsWith(`.${name}`) ? total + value : total,
        0,
      );
    const [failed, allowed, late] = ['error', 'failure_mode_allowed', 'timeout'].map(sum);
    const place = (path: string) => ({ file: url, object: '', path });
    return [
      ...(allowed === undefined || allowed === 0
        ? []
        : [
            {
              place: place('ext_authz.failure_mode_allowed'),
              cause: `Requests that Envoy allowed without a response: ${allowed}.`,
              severity: 'error',
              effect: 'These requests reached a workload without a valid token.',
              fix: 'Set `failure_mode_allow: false`, and find the cause of the failures.',
            } as const,
          ]),
      ...(failed === undefined || failed === 0
        ? []
        : [
            {
              place: place('ext_authz.error'),
              cause: `Checks that failed: ${failed}${late === undefined || late === 0 ? '' : `; by the timeout: ${late}`}.`,
            },
          ]),
    ];
  },
};

/** The rules about the running process. */
export const stateRules: readonly Rule<EnvoyInput>[] = [version, certificates, counters];
