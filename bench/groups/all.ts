/** The groups, in the order of the page. */
import { envoy } from './envoy.ts';
import type { Group } from './group.ts';
import { growth } from './growth.ts';
import { grpc } from './grpc.ts';
import { http } from './http.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { overload } from './overload.ts';
import { rules } from './rules.ts';
import { session } from './session.ts';
import { sessionStore } from './session-store.ts';
import { throughput } from './throughput.ts';
import { workers } from './workers.ts';

/** Every group of `npm run bench`. */
export const groups: readonly Group[] = [
  http,
  grpc,
  envoy,
  latency,
  growth,
  rules,
  session,
  sessionStore,
  overload,
  memory,
  workers,
  throughput,
];
