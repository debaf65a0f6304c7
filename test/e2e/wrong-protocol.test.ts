/** A real Envoy that does not use the protocol of the listener. */
import { expect, onTestFinished, test } from 'vitest';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { exchange, request } from '../support/http1.ts';
import { plainEnvoy, portsOf } from '../support/plain-envoy.ts';
import { describeWith } from '../support/real-servers.ts';

interface Cluster {
  readonly name: string;
}

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });

const tlsSocket = {
  transport_socket: {
    name: 'envoy.transport_sockets.tls',
    typed_config: type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
  },
};
const distrustful = {
  transport_socket: {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      common_tls_context: {
        alpn_protocols: ['h2'],
        validation_context: { trusted_ca: { inline_string: createAuthority().ca } },
      },
    },
  },
};
const proxyProtocol = (version: string) => ({
  transport_socket: {
    name: 'envoy.transport_sockets.upstream_proxy_protocol',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport'),
      config: { version },
      transport_socket: {
        name: 'envoy.transport_sockets.raw_buffer',
        typed_config: type('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'),
      },
    },
  },
});
const http2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};
const http1 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http_protocol_options: {} },
    },
  },
};

const { certFile, keyFile } = createAuthority().issue('service');
const secureFile = fileFor('ISSUER').replace(
  /(http|grpc): \{/g,
  `$1: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `,
);

describeWith('a real Envoy', await findEnvoy(), (program) => {
  test.each([
    ['http', 'TLS', tlsSocket, fileFor('ISSUER'), 'tls'],
    ['http', 'HTTP/2', http2, fileFor('ISSUER'), 'http2'],
    ['http', 'the PROXY protocol, version 1', proxyProtocol('V1'), fileFor('ISSUER'), 'proxy_protocol'],
    ['http', 'the PROXY protocol, version 2', proxyProtocol('V2'), fileFor('ISSUER'), 'proxy_protocol'],
    ['http', 'plain text', {}, secureFile, 'plain_text'],
    ['grpc', 'TLS', tlsSocket, fileFor('ISSUER'), 'tls'],
    ['grpc', 'HTTP/1', http1, fileFor('ISSUER'), 'http1'],
    ['grpc', 'the PROXY protocol, version 1', proxyProtocol('V1'), fileFor('ISSUER'), 'proxy_protocol'],
    ['grpc', 'the PROXY protocol, version 2', proxyProtocol('V2'), fileFor('ISSUER'), 'proxy_protocol'],
    ['grpc', 'plain text', {}, secureFile, 'plain_text'],
    ['grpc', 'TLS, and trusts another CA', distrustful, secureFile, 'certificate_refused'],
  ] as const)('with a cluster for %s that uses %s', async (transport, _, change, file, cause) => {
    const service = await startApp({ file });
    const workload = await startWorkload();
    const authorizer = transport === 'http' ? service.httpPort : service.grpcPort;
    const behind = { transport, authorizer, open: workload.port, other: workload.port, by: { prefix: '/' } };
    const envoy = await startEnvoy(program, ({ adminPort }) => {
      const config = plainEnvoy(behind, [{ manager: {} }], adminPort) as {
        static_resources: { clusters: Cluster[] };
      };
      const clusters = config.static_resources.clusters.map((cluster) =>
        cluster.name === 'authorizer' ? { ...cluster, ...change } : cluster,
      );
      return { ...config, static_resources: { ...config.static_resources, clusters } };
    });
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const [port = 0] = await portsOf(envoy.adminPort);
    const token = await service.issuer.mint();
    const answer = await exchange(port, request('GET', '/', [`authorization: Bearer ${token}`]));
    expect(answer?.status).not.toBe(200);
    const rejections = () =>
      service.records.filter(({ msg }) => String(msg).startsWith('connections are rejected'));
    await until(() => rejections().length > 0);
    expect(rejections().map((record) => [record.listener, record.cause])).toEqual([[transport, cause]]);
    expect(service.logText()).not.toContain(token);
  });
});
