/** Hosts with ports and policies for the exact host, like those of an APIRule, with a real gateway with and without `deploy/kyma/strip-host-port.yaml`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { startWorkload } from '../../tools/workload.ts';
import { exchange } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const file = fileURLToPath(new URL('../../deploy/kyma/strip-host-port.yaml', import.meta.url));
const [{ match, patch }] = parse(readFileSync(file, 'utf8')).spec.configPatches;
const { '@type': type, ...merged } = patch.value.typed_config;
const host = 'orders.example.com';

/** A gateway that ignores the port when it routes, and the policy of an APIRule behind it. */
function gateway(workload: number, options: object, port: number, adminPort: number): object {
  const address = (of: number) => ({ socket_address: { address: '127.0.0.1', port_value: of } });
  const filter = (name: string) => `type.googleapis.com/envoy.extensions.filters.http.${name}`;
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: [
        {
          name: 'gateway',
          address: address(port),
          filter_chains: [
            {
              filters: [
                {
                  name: match.listener.filterChain.filter.name,
                  typed_config: {
                    '@type': type,
                    stat_prefix: 'gateway',
                    route_config: {
                      ignore_port_in_host_matching: true,
                      virtual_hosts: [
                        {
                          name: 'orders',
                          domains: [host],
                          routes: [{ match: { prefix: '/' }, route: { cluster: 'orders' } }],
                        },
                      ],
                    },
                    http_filters: [
                      {
                        name: 'envoy.filters.http.rbac',
                        typed_config: {
                          '@type': filter('rbac.v3.RBAC'),
                          rules: {
                            action: 'ALLOW',
                            policies: {
                              orders: {
                                permissions: [
                                  {
                                    header: {
                                      name: ':authority',
                                      string_match: { exact: host, ignore_case: true },
                                    },
                                  },
                                ],
                                principals: [{ any: true }],
                              },
                            },
                          },
                        },
                      },
                      {
                        name: 'envoy.filters.http.router',
                        typed_config: { '@type': filter('router.v3.Router') },
                      },
                    ],
                    ...options,
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'orders',
          connect_timeout: '1s',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'orders',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(workload) } }] }],
          },
        },
      ],
    },
  };
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each([
    ['without the patch', {}, { [host]: 200, [`${host}:443`]: 403, [`${host}:8443`]: 403 }],
    ['with the patch', merged, { [host]: 200, [`${host}:443`]: 200, [`${host}:8443`]: 200 }],
  ])('%s routes hosts with and without ports', async (_, options, expected) => {
    const workload = await startWorkload();
    const envoy = await startEnvoy(path, ({ port, adminPort }) =>
      gateway(workload.port, options, port, adminPort),
    );
    onTestFinished(async () => {
      await envoy.stop();
      await workload.close();
    });
    const statuses: Record<string, number | undefined> = {};
    for (const name of Object.keys(expected)) {
      const answer = await exchange(envoy.port, `GET / HTTP/1.1\r\nhost: ${name}\r\n\r\n`);
      statuses[name] = answer?.status;
      if (answer?.status === 403) expect(answer.body).toContain('RBAC: access denied');
    }
    expect(statuses).toEqual(expected);
  });
});
