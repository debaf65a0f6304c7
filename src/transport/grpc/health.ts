/** The gRPC health service, grpc.health.v1, for load balancers and Kubernetes. */
import type { Method } from './call/method.ts';
import { type Frame, frameMessage } from './message/framing.ts';
import { fieldsOf, isBytesField, nextField, numberField, textOf, toBytes } from './message/protobuf.ts';
import { grpcStatus } from './status.ts';

/** Whether checks are served, and changes of that. */
export interface HealthSource {
  readonly isServing: () => boolean;
  /** @returns a function that removes the listener */
  readonly onChange: (listener: () => void) => () => void;
}

/** The numbers of the fields and of the statuses in `protos/health.proto`. */
const serviceField = 1;
const statusField = 1;
const servingStatus = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

type ServingStatus = keyof typeof servingStatus;

/** The known service names. The empty name is the whole server. */
const services = ['', 'envoy.service.auth.v3.Authorization', 'grpc.health.v1.Health'];

/** Creates the methods of the health service, by path. */
export function createHealthMethods({ isServing, onChange }: HealthSource): [path: string, method: Method][] {
  const service = 'grpc.health.v1.Health';
  const statusOf = (name: string): ServingStatus => {
    if (!services.includes(name)) return 'SERVICE_UNKNOWN';
    return isServing() ? 'SERVING' : 'NOT_SERVING';
  };
  const read = (request: Buffer) => {
    try {
      return readService(request);
    } catch {
      return { status: grpcStatus.internal, message: 'cannot decode HealthCheckRequest' };
    }
  };

  const check: Method = {
    kind: 'unary',
    respond: (request) => {
      const name = read(request);
      if (typeof name !== 'string') return name;
      const status = statusOf(name);
      if (status === 'SERVICE_UNKNOWN') return { status: grpcStatus.notFound, message: 'unknown service' };
      return responseOf(status);
    },
  };
  const watch: Method = {
    kind: 'streaming',
    open: (request, responses) => {
      const name = read(request);
      if (typeof name !== 'string') {
        responses.end(name.status);
        return () => {};
      }
      let sent: ServingStatus | undefined;
      const send = () => {
        const status = statusOf(name);
        if (status !== sent) responses.send(responseOf(status));
        sent = status;
      };
      send();
      return onChange(send);
    },
  };
  return [
    [`/${service}/Check`, check],
    [`/${service}/Watch`, watch],
  ];
}

/** Reads the service name of a HealthCheckRequest. */
function readService(bytes: Buffer): string {
  let service = '';
  const request = fieldsOf(bytes);
  while (nextField(request)) if (isBytesField(request, serviceField)) service = textOf(request);
  return service;
}

/** Writes a HealthCheckResponse. */
function responseOf(status: ServingStatus): Frame {
  return frameMessage(toBytes(numberField(statusField, servingStatus[status])));
}
