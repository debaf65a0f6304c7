/** The groups, in the order of the page. */
import { envoy } from './envoy.ts';
import type { Group } from './group.ts';
import { growth } from './growth.ts';
import { grpc } from './grpc.ts';
import { hpack } from './hpack.ts';
import { http } from './http.ts';
import { kyma } from './kyma.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { overload } from './overload.ts';
import { peers } from './peers.ts';
import { rules } from './rules.ts';
import { session } from './session.ts';
import { sessionStore } from './session-store.ts';
import { signatures } from './signatures.ts';
import { start } from './start.ts';
import { throughput } from './throughput.ts';
import { workers } from './workers.ts';

/** Every group of `npm run bench`. Those with targets of a release are first. */
export const groups: readonly Group[] = [
  http,
  grpc,
  peers,
  envoy,
  latency,
  memory,
  start,
  growth,
  rules,
  session,
  sessionStore,
  overload,
  workers,
  throughput,
  kyma,
  signatures,
  hpack,
];
