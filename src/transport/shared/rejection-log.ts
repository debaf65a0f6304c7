/** Logs rejected connections: what the client does, and what to change. */

import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { Listener } from './listener.ts';
import { onceAMinute, type RejectionCause, type ReportRejected } from './rejections.ts';

type Name = Listener['name'];

/** Creates a log of rejected connections, with one record per minute for each listener and cause. */
export function createRejectionLog(logger: Logger, clock: Clock): ReportRejected {
  return onceAMinute((listener, cause, count, detail) => {
    logger.warn(
      { listener, cause, detail, count },
      `connections are rejected: ${explanations[cause](listener)}`,
    );
  }, clock);
}

const optionsOf = (listener: Name) => (listener === 'login' ? 'login.listener' : listener);
const clientOf = (listener: Name) => (listener === 'admin' ? 'the prober or scraper' : 'Envoy');

const explanations: Readonly<Record<RejectionCause, (listener: Name) => string>> = {
  tls: (listener) =>
    listener === 'admin'
      ? 'the client uses TLS, and this listener does not. Set `admin.tls`, or use http:// (probes: `scheme: HTTP`; Prometheus: `scheme: http`)'
      : `Envoy uses TLS, and this listener does not. Set \`${optionsOf(listener)}.tls\`, or remove the transport socket from Envoy's cluster (Istio: a DestinationRule with \`tls.mode: DISABLE\`, or a sidecar in this pod)`,
  http1: (listener) =>
    listener === 'grpc'
      ? "Envoy uses HTTP/1, and this listener requires gRPC over HTTP/2. Add `http2_protocol_options` to Envoy's cluster (Istio: name the Service's port `grpc`), or send checks over HTTP to `http.port`"
      : 'the client uses a form of HTTP/1 that this listener cannot read. Use HTTP/1.1',
  http2: (listener) =>
    listener === 'admin'
      ? 'the client uses HTTP/2, and this listener requires HTTP/1.1. Use HTTP/1.1'
      : `Envoy uses HTTP/2, and this listener requires HTTP/1.1. Remove \`http2_protocol_options\` from Envoy's cluster (Istio: name the Service's port \`http\`)${listener === 'http' ? ', or send checks over gRPC to `grpc.port`' : ''}`,
  proxy_protocol: (listener) =>
    `${listener === 'admin' ? 'the client' : 'Envoy, or a load balancer in between,'} sends the PROXY protocol, which this listener does not support. Turn it off (Envoy: the transport socket \`proxy_protocol\` of the cluster; a load balancer: its PROXY protocol option)`,
  unknown: (listener) =>
    `the client uses an unknown protocol instead of ${listener === 'grpc' ? 'HTTP/2' : 'HTTP/1.1'}. Find out which client connects to \`${optionsOf(listener)}.port\``,
  plain_text: (listener) =>
    listener === 'admin'
      ? 'the client does not use TLS, and `admin.tls` is set. Use https:// (probes: `scheme: HTTPS`; Prometheus: `scheme: https`), or remove `admin.tls`'
      : `Envoy does not use TLS, or sends the PROXY protocol before it, and \`${optionsOf(listener)}.tls\` is set. Add a transport socket for TLS to Envoy's cluster (Istio: a DestinationRule with \`tls.mode: SIMPLE\`), or remove \`${optionsOf(listener)}.tls\``,
  client_certificate: (listener) =>
    `${clientOf(listener)} sends no client certificate, or one that no CA in \`${optionsOf(listener)}.tls.clientCaFile\` signed. Configure one there, correct that file, or remove the option`,
  certificate_refused: (listener) =>
    `${clientOf(listener)} does not trust the certificate in \`${optionsOf(listener)}.tls.certFile\`. Make it trust the CA (Envoy: \`trusted_ca\`), put the whole chain into the file, and check the names and the expiry of the certificate`,
  tls_version: (listener) =>
    `${clientOf(listener)} has no TLS version or no cipher suite in common with this listener. Enable TLS 1.2 or 1.3 there, or check \`${optionsOf(listener)}.tls.minVersion\` and \`${optionsOf(listener)}.tls.cipherSuites\``,
  alpn: (listener) =>
    listener === 'grpc'
      ? "Envoy does not offer HTTP/2 (`h2`) in its TLS handshake, which gRPC requires. Add `http2_protocol_options` and `alpn_protocols: [h2]` to Envoy's cluster"
      : `${clientOf(listener)} offers only HTTP/2 in its TLS handshake, and this listener requires HTTP/1.1. Remove \`http2_protocol_options\` from Envoy's cluster`,
  flood: (listener) =>
    `the client sends more frames than calls need; \`detail\` names them. Find out which client connects to \`${optionsOf(listener)}.port\`, and limit which pods can (chart: \`networkPolicy.checkFrom\`)`,
  protocol_error: (listener) =>
    `the client breaks the rules of HTTP/2; \`detail\` says which. Find out which client connects to \`${optionsOf(listener)}.port\`, or which proxy in between changes its bytes`,
  internal_error: () => 'this service has a fault. Report it with a support bundle',
};
