/** What the log says of connections that were rejected: what is spoken, and what to change. */

import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Listener } from './listener.ts';
import { onceAMinute, type RejectionCause, type TellRejected } from './rejections.ts';

type Name = Listener['name'];

const plainHttp = 'plain HTTP/1.1';

/** Makes what tells of rejected connections, once a minute for each listener and cause. */
export function createRejectionLog(logger: Logger, clock: Clock): TellRejected {
  return onceAMinute((listener, cause, count) => {
    logger.warn({ listener, cause, count }, `connections are rejected: ${explanations[cause](listener)}`);
  }, clock);
}

const who = (listener: Name) => (listener === 'admin' ? 'the prober or scraper' : 'Envoy');

const explanations: Readonly<Record<RejectionCause, (listener: Name) => string>> = {
  tls: (listener) =>
    listener === 'admin'
      ? 'what connects speaks TLS here, and this listener does not. Set `admin.tls`, or use http:// (probes: `scheme: HTTP`; Prometheus: `scheme: http`)'
      : `Envoy speaks TLS here, and this listener does not. Set \`${listener}.tls\`, or remove the transport socket from Envoy's cluster (Istio: a DestinationRule with \`tls.mode: DISABLE\`, or a sidecar in this pod)`,
  http1: (listener) =>
    listener === 'grpc'
      ? "Envoy speaks HTTP/1 here, and this listener speaks gRPC, which is HTTP/2. Give Envoy's cluster `http2_protocol_options` (Istio: call the Service's port `grpc`), or ask over HTTP at `http.port`"
      : `what connects speaks HTTP/1 in a way that this listener does not read`,
  http2: (listener) =>
    listener === 'admin'
      ? 'what connects speaks HTTP/2 without asking for it, and this listener speaks HTTP/1.1. Use HTTP/1.1'
      : `Envoy speaks HTTP/2 here, and this listener speaks ${plainHttp}. Remove \`http2_protocol_options\` from Envoy's cluster (Istio: call the Service's port \`http\`), or ask over gRPC at \`grpc.port\``,
  proxy_protocol: (listener) =>
    `${listener === 'admin' ? 'what connects' : 'Envoy, or a load balancer in between,'} begins with the PROXY protocol, which this listener does not speak. Remove it (Envoy: the transport socket \`proxy_protocol\` of the cluster; a load balancer: its PROXY protocol option)`,
  unknown: (listener) =>
    `what connects speaks neither ${listener === 'grpc' ? 'HTTP/2' : 'HTTP/1.1'} nor anything else that is known here. Find out what has \`${listener}.port\` for its own`,
  plain_text: (listener) =>
    listener === 'admin'
      ? 'what connects does not speak TLS, and `admin.tls` is set. Use https:// (probes: `scheme: HTTPS`; Prometheus: `scheme: https`), or leave `admin.tls` out'
      : `Envoy does not speak TLS here, and \`${listener}.tls\` is set: it is plain text, or it begins with the PROXY protocol. Give Envoy's cluster a transport socket for TLS (Istio: a DestinationRule with \`tls.mode: SIMPLE\`), or leave \`${listener}.tls\` out`,
  client_certificate: (listener) =>
    `${who(listener)} shows no certificate, or none that \`${listener}.tls.clientCaFile\` vouches for. Give it one, correct that file, or leave the option out`,
  certificate_refused: (listener) =>
    `${who(listener)} does not believe the certificate in \`${listener}.tls.certFile\`. Have it trust who signed that (Envoy: \`trusted_ca\`), send the whole chain in the file, and look at its names and its end`,
  tls_version: (listener) =>
    `${who(listener)} has no version of TLS or no cipher in common with this listener. Have it speak TLS 1.2 or 1.3, or look at \`${listener}.tls.minVersion\` and \`${listener}.tls.cipherSuites\``,
  alpn: (listener) =>
    listener === 'grpc'
      ? "Envoy does not offer HTTP/2 (`h2`) in its TLS handshake, which gRPC needs. Give Envoy's cluster `http2_protocol_options` and `alpn_protocols: [h2]`"
      : `${who(listener)} offers only HTTP/2 in its TLS handshake, and this listener speaks HTTP/1.1. Remove \`http2_protocol_options\` from Envoy's cluster`,
};
