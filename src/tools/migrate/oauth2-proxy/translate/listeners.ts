/** Where checks and metrics are asked for. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { isGiven, judged, listOf, type Part, present, textOf } from './by-kind.ts';

/** What the chart of oauth2-proxy says by itself; the ports of our own chart are as good. */
const ofChart = ['0.0.0.0:4180', '[::]:4180', '0.0.0.0:44180', '[::]:44180'];

/** The ports that the other listeners have by default. */
const grpcPort = 9000;
const adminPort = 8081;

interface Listener {
  readonly tree: Mapping;
  readonly findings: readonly Finding[];
}

/** Translates the listeners. */
export function translateListeners(given: Given): Part {
  const admin = metrics(given);
  const http = checks(given, (admin.tree.port as number | undefined) ?? adminPort);
  return {
    config: {
      ...(Object.keys(http.tree).length === 0 ? {} : { http: http.tree }),
      ...(Object.keys(admin.tree).length === 0 ? {} : { admin: admin.tree }),
    },
    findings: [...http.findings, ...admin.findings],
  };
}

function checks(given: Given, admin: number): Listener {
  const [certFile, keyFile] = [textOf(given, 'tls-cert-file'), textOf(given, 'tls-key-file')];
  const isTls = certFile !== '' && keyFile !== '';
  const [flag, other] = isTls ? ['https-address', 'http-address'] : ['http-address', 'https-address'];
  const { place, finding } = readAddress(given, flag, 'http', [grpcPort, admin]);
  const minVersion = { 'TLS1.2': undefined, 'TLS1.3': 'TLSv1.3' }[textOf(given, 'tls-min-version')];
  const suites = listOf(given, 'tls-cipher-suite');
  const tls = present({
    certFile,
    keyFile,
    minVersion,
    cipherSuites: suites.length === 0 ? undefined : suites,
  });
  const kept = (name: string, option: string) =>
    isTls
      ? judged(given, name, 'kept', `\`http.tls.${option}\``)
      : judged(given, name, 'meaningless', 'without `tls-cert-file` and `tls-key-file` nothing is encrypted');
  return {
    tree: { ...place, ...(isTls ? { tls } : {}) },
    findings: [
      ...finding,
      ...judged(
        given,
        other,
        'meaningless',
        isTls
          ? 'with a certificate there was no listener without TLS'
          : 'without a certificate there was no listener with TLS',
      ),
      ...kept('tls-cert-file', 'certFile'),
      ...kept('tls-key-file', 'keyFile'),
      ...kept('tls-min-version', 'minVersion'),
      ...kept('tls-cipher-suite', 'cipherSuites'),
    ],
  };
}

function metrics(given: Given): Listener {
  const [certFile, keyFile] = [textOf(given, 'metrics-tls-cert-file'), textOf(given, 'metrics-tls-key-file')];
  const isTls = certFile !== '' && keyFile !== '' && isGiven(given, 'metrics-secure-address');
  const [flag, other] = isTls
    ? ['metrics-secure-address', 'metrics-address']
    : ['metrics-address', 'metrics-secure-address'];
  const { place, finding } = readAddress(given, flag, 'admin', [grpcPort, 8000]);
  const files = isTls ? ['`admin.tls.certFile`', '`admin.tls.keyFile`'] : ['', ''];
  return {
    tree: { ...place, ...(isTls ? { tls: { certFile, keyFile } } : {}) },
    findings: [
      ...finding,
      ...judged(given, other, 'meaningless', 'the metrics are on one listener, `admin`'),
      ...['metrics-tls-cert-file', 'metrics-tls-key-file'].flatMap((name, index) =>
        isTls
          ? judged(given, name, 'kept', files[index] ?? '')
          : judged(given, name, 'meaningless', 'without `metrics-secure-address` nothing is encrypted'),
      ),
    ],
  };
}

/** Reads an address such as `:4180`, `http://0.0.0.0:4180` or `[::1]:4180`. */
function readAddress(
  given: Given,
  flag: string,
  section: 'http' | 'admin',
  taken: readonly number[],
): { place: Mapping; finding: readonly Finding[] } {
  const address = textOf(given, flag).replace(/^https?:\/\//i, '');
  const option = `\`${section}.host\` and \`${section}.port\``;
  const leave = (verdict: 'changed' | 'meaningless', text: string) => ({
    place: {},
    finding: judged(given, flag, verdict, text),
  });
  if (ofChart.includes(address)) return leave('meaningless', `${option} have defaults that do as well`);
  if (address === '' || address === '-')
    return leave('changed', `this listener is always there; ${option} keep their defaults`);
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/]*):(\d{1,5})$/.exec(address) ?? [];
  const number = Number(port);
  if (port === '' || number > 65_535 || /^fd$/i.test(host))
    return leave(
      'changed',
      `sockets and file descriptors are not listened on; ${option} keep their defaults`,
    );
  if (taken.includes(number))
    return leave('changed', `port ${number} is that of another listener here; ${option} keep their defaults`);
  return {
    place: present({ host: host === '' || host === '0.0.0.0' ? undefined : host, port: number }),
    finding: judged(given, flag, 'kept', `${option}; the output \`values\` leaves them to the chart`),
  };
}
