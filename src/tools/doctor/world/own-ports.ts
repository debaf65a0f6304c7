/** The ports of the service, as its pods and Services name them. */
import { type KubeObject, mappingsOf, textOf } from '../read/objects.ts';
import { portsOf, type ServicePort } from './workloads.ts';
import type { World } from './world.ts';

/** A listener of the service. */
export type Listener = 'http' | 'grpc' | 'admin';

/** A port of the service's pods. */
export interface OwnPort {
  readonly listener: Listener;
  readonly number: number;
  /** The name of the container port; empty if it has none. */
  readonly name: string;
}

/** The ports of the service's pods: from the configuration, or from the names that the chart gives them. */
export function ownPorts({ config, ownWorkloads }: World): readonly OwnPort[] {
  const containerPorts = ownWorkloads
    .flatMap(({ containers }) => containers)
    .flatMap(({ ports }) => mappingsOf(ports))
    .map((port) => ({ number: Number(port.containerPort), name: textOf(port.name) }));
  if (config === undefined)
    return containerPorts.flatMap((port) => {
      const listener = (['http', 'grpc', 'admin'] as const).find(
        (one) => port.name === (one === 'admin' ? 'http-admin' : `${one}-check`),
      );
      return listener === undefined ? [] : [{ ...port, listener }];
    });
  const listeners: readonly (readonly [Listener, number])[] = [
    ...(config.http.enabled ? ([['http', config.http.port]] as const) : []),
    ...(config.grpc.enabled ? ([['grpc', config.grpc.port]] as const) : []),
    ['admin', config.admin.port],
  ];
  return listeners.map(([listener, number]) => ({
    listener,
    number,
    name: containerPorts.find((port) => port.number === number)?.name ?? '',
  }));
}

/** The listener to which a port of one of the service's Services leads; undefined if it is not known. */
export function listenerOf(port: ServicePort, ports: readonly OwnPort[]): Listener | undefined {
  return ports.find(({ number, name }) => String(number) === port.targetPort || name === port.targetPort)
    ?.listener;
}

/** The port of a Service with a number; without a number, the only port. */
export function servicePort(service: KubeObject, number: number | undefined): ServicePort | undefined {
  const ports = portsOf(service);
  return number === undefined
    ? ports.length === 1
      ? ports[0]
      : undefined
    : ports.find((port) => port.number === number);
}
