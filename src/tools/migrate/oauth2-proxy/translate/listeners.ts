/** Translates the listeners for checks and metrics. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import type { Part } from './part.ts';
import { isSet, listOf, textOf, withoutUndefined } from './setting-values.ts';

/** The addresses that the chart of oauth2-proxy sets by default. The defaults of our chart replace them. */
const ofChart = ['0.0.0.0:4180', '[::]:4180', '0.0.0.0:44180', '[::]:44180'];

/** The default ports of the other listeners. */
const grpcPort = 9000;
const adminPort = 8081;

interface Listener {
  readonly options: Mapping;
  readonly findings: readonly Finding[];
}

/** Translates the listeners. */
export function translateListeners(installation: Installation): Part {
  const admin = metrics(installation);
  const http = checks(installation, (admin.options.port as number | undefined) ?? adminPort);
  return {
    config: {
      ...(Object.keys(http.options).length === 0 ? {} : { http: http.options }),
      ...(Object.keys(admin.options).length === 0 ? {} : { admin: admin.options }),
    },
    findings: [...http.findings, ...admin.findings],
  };
}

function checks(installation: Installation, admin: number): Listener {
  const [certFile, keyFile] = [textOf(installation, 'tls-cert-file'), textOf(installation, 'tls-key-file')];
  const isTls = certFile !== '' && keyFile !== '';
  const [flag, other] = isTls ? ['https-address', 'http-address'] : ['http-address', 'https-address'];
  const { address, finding } = readAddress(installation, flag, 'http', [grpcPort, admin]);
  const minVersion = { 'TLS1.2': undefined, 'TLS1.3': 'TLSv1.3' }[textOf(installation, 'tls-min-version')];
  const suites = listOf(installation, 'tls-cipher-suite');
  const tls = withoutUndefined({
    certFile,
    keyFile,
    minVersion,
    cipherSuites: suites.length === 0 ? undefined : suites,
  });
  const tlsFinding = (name: string, option: string) =>
    isTls
      ? findingIfSet(installation, name, 'kept', `\`http.tls.${option}\``)
      : findingIfSet(
          installation,
          name,
          'meaningless',
          'without `tls-cert-file` and `tls-key-file` there is no TLS',
        );
  return {
    options: { ...address, ...(isTls ? { tls } : {}) },
    findings: [
      ...finding,
      ...findingIfSet(
        installation,
        other,
        'meaningless',
        isTls
          ? 'with a certificate oauth2-proxy has no listener without TLS'
          : 'without a certificate oauth2-proxy has no listener with TLS',
      ),
      ...tlsFinding('tls-cert-file', 'certFile'),
      ...tlsFinding('tls-key-file', 'keyFile'),
      ...tlsFinding('tls-min-version', 'minVersion'),
      ...tlsFinding('tls-cipher-suite', 'cipherSuites'),
    ],
  };
}

function metrics(installation: Installation): Listener {
  const [certFile, keyFile] = [
    textOf(installation, 'metrics-tls-cert-file'),
    textOf(installation, 'metrics-tls-key-file'),
  ];
  const isTls = certFile !== '' && keyFile !== '' && isSet(installation, 'metrics-secure-address');
  const [flag, other] = isTls
    ? ['metrics-secure-address', 'metrics-address']
    : ['metrics-address', 'metrics-secure-address'];
  const { address, finding } = readAddress(installation, flag, 'admin', [grpcPort, 8000]);
  const files = isTls ? ['`admin.tls.certFile`', '`admin.tls.keyFile`'] : ['', ''];
  return {
    options: { ...address, ...(isTls ? { tls: { certFile, keyFile } } : {}) },
    findings: [
      ...finding,
      ...findingIfSet(installation, other, 'meaningless', 'the metrics have one listener, `admin`'),
      ...['metrics-tls-cert-file', 'metrics-tls-key-file'].flatMap((name, index) =>
        isTls
          ? findingIfSet(installation, name, 'kept', files[index] ?? '')
          : findingIfSet(
              installation,
              name,
              'meaningless',
              'without `metrics-secure-address` there is no TLS',
            ),
      ),
    ],
  };
}

/** Parses an address such as `:4180`, `http://0.0.0.0:4180` or `[::1]:4180`. */
function readAddress(
  installation: Installation,
  flag: string,
  section: 'http' | 'admin',
  usedPorts: readonly number[],
): { address: Mapping; finding: readonly Finding[] } {
  const address = textOf(installation, flag).replace(/^https?:\/\//i, '');
  const option = `\`${section}.host\` and \`${section}.port\``;
  const leave = (verdict: 'changed' | 'meaningless', text: string) => ({
    address: {},
    finding: findingIfSet(installation, flag, verdict, text),
  });
  if (ofChart.includes(address)) return leave('meaningless', `the defaults of ${option} replace it`);
  if (address === '' || address === '-')
    return leave('changed', `this listener cannot be disabled; ${option} have their defaults`);
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/]*):(\d{1,5})$/.exec(address) ?? [];
  const number = Number(port);
  if (port === '' || number > 65_535 || /^fd$/i.test(host))
    return leave(
      'changed',
      `oidc-authz does not listen on sockets or file descriptors; ${option} have their defaults`,
    );
  if (usedPorts.includes(number))
    return leave('changed', `another listener uses port ${number}; ${option} have their defaults`);
  return {
    address: withoutUndefined({ host: host === '' || host === '0.0.0.0' ? undefined : host, port: number }),
    finding: findingIfSet(
      installation,
      flag,
      'kept',
      `${option}; with \`--output values\` the chart sets them`,
    ),
  };
}
