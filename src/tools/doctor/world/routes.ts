/** Routes of gateways to Services: VirtualService, APIRule, HTTPRoute, HTTPProxy and Ingress. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { Place } from '../finding.ts';
import { type KubeObject, mappingsOf, type Path, textOf } from '../read/objects.ts';
import { serviceNameOf } from './workloads.ts';
import type { World } from './world.ts';

/** A route to a port of a Service. */
export interface Route {
  readonly object: KubeObject;
  readonly place: Place;
  readonly name: string;
  readonly namespace: string;
  readonly port: number | undefined;
}

/** All routes of the manifests. */
export function routesOf({ of }: World): readonly Route[] {
  return [
    ...of('VirtualService', 'networking.istio.io').flatMap(virtualServiceRoutes),
    ...of('APIRule', 'gateway.kyma-project.io').flatMap(apiRuleRoutes),
    ...of('HTTPRoute', 'gateway.networking.k8s.io').flatMap((object) =>
      ruleRoutes(object, 'rules', 'backendRefs'),
    ),
    ...of('HTTPProxy', 'projectcontour.io').flatMap((object) => ruleRoutes(object, 'routes', 'services')),
    ...of('Ingress', 'networking.k8s.io').flatMap(ingressRoutes),
  ];
}

function route(object: KubeObject, path: Path, namespace: unknown): readonly Route[] {
  const name = object.text(...path, 'name');
  if (name === '') return [];
  return [
    {
      object,
      place: object.at(...path),
      name,
      namespace: textOf(namespace) || object.namespace,
      port: portOf(object.get(...path, 'port')),
    },
  ];
}

function virtualServiceRoutes(object: KubeObject): readonly Route[] {
  // A VirtualService without a gateway applies only inside the mesh.
  const gateways = object.texts('spec', 'gateways').filter((gateway) => gateway !== 'mesh');
  if (gateways.length === 0) return [];
  return object.list('spec', 'http').flatMap((http, index) =>
    mappingsOf(http.route).flatMap(({ destination }, position) => {
      if (!isMapping(destination)) return [];
      const host = textOf(destination.host);
      const service = serviceNameOf(host) ?? { name: host, namespace: object.namespace };
      const port = isMapping(destination.port) ? portOf(destination.port.number) : undefined;
      return [{ object, place: object.at('spec', 'http', index, 'route', position), ...service, port }];
    }),
  );
}

function apiRuleRoutes(object: KubeObject): readonly Route[] {
  const below = object.list('spec', 'rules').map((_, index): Path => ['spec', 'rules', index, 'service']);
  const paths: readonly Path[] = [['spec', 'service'], ...below];
  return paths.flatMap((path) => route(object, path, object.get(...path, 'namespace')));
}

function ruleRoutes(object: KubeObject, rules: string, backends: string): readonly Route[] {
  return object
    .list('spec', rules)
    .flatMap((rule, index) =>
      mappingsOf(rule[backends]).flatMap((backend, position) =>
        route(object, ['spec', rules, index, backends, position], backend.namespace),
      ),
    );
}

function ingressRoutes(object: KubeObject): readonly Route[] {
  return object.list('spec', 'rules').flatMap(({ http }, index) =>
    mappingsOf(isMapping(http) ? http.paths : undefined).flatMap((_, position) => {
      const path: Path = ['spec', 'rules', index, 'http', 'paths', position, 'backend', 'service'];
      const name = object.text(...path, 'name');
      const port = portOf(object.get(...path, 'port', 'number'));
      return name === ''
        ? []
        : [{ object, place: object.at(...path), name, namespace: object.namespace, port }];
    }),
  );
}

function portOf(value: unknown): number | undefined {
  const port = Number(value ?? Number.NaN);
  return Number.isInteger(port) ? port : undefined;
}
