/** The gRPC health service, grpc.health.v1: what load balancers and Kubernetes ask. */
import type { Method } from './call/call.ts';
import { type Frame, frameMessage } from './message/framing.ts';
import { fieldsOf, isBytesField, nextField, numberField, textOf, toBytes } from './message/protobuf.ts';
import { grpcStatus } from './status.ts';

/** Whether checks are being served, and a way to hear of a change. */
export interface HealthSource {
  readonly isServing: () => boolean;
  /** @returns stops telling */
  readonly onChange: (tell: () => void) => () => void;
}

/** The numbers of the field and of its values, as `protos/health.proto` has them. */
const serviceField = 1;
const statusField = 1;
const servingStatus = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

type ServingStatus = keyof typeof servingStatus;

/** The names that a caller may ask for; the empty one is the server as a whole. */
const services = ['', 'envoy.service.auth.v3.Authorization', 'grpc.health.v1.Health'];

/** Makes the methods of the health service, by path. */
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
      return { status: grpcStatus.internal, message: 'the request is no HealthCheckRequest' };
    }
  };

  const check: Method = {
    kind: 'unary',
    answer: (request) => {
      const name = read(request);
      if (typeof name !== 'string') return name;
      const status = statusOf(name);
      if (status === 'SERVICE_UNKNOWN')
        return { status: grpcStatus.notFound, message: 'there is no such service' };
      return responseOf(status);
    },
  };
  const watch: Method = {
    kind: 'streaming',
    open: (request, answers) => {
      const name = read(request);
      if (typeof name !== 'string') {
        answers.end(name.status);
        return () => {};
      }
      let told: ServingStatus | undefined;
      const tell = () => {
        const status = statusOf(name);
        if (status !== told) answers.send(responseOf(status));
        told = status;
      };
      tell();
      return onChange(tell);
    },
  };
  return [
    [`/${service}/Check`, check],
    [`/${service}/Watch`, watch],
  ];
}

/** The service that a HealthCheckRequest asks for. */
function readService(bytes: Buffer): string {
  let service = '';
  const request = fieldsOf(bytes);
  while (nextField(request)) if (isBytesField(request, serviceField)) service = textOf(request);
  return service;
}

/** A HealthCheckResponse. */
function responseOf(status: ServingStatus): Frame {
  return frameMessage(toBytes(numberField(statusField, servingStatus[status])));
}
