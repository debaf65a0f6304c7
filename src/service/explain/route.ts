/** `POST /explain` of the admin listener: explains a request with the keys, the cache and the rules of the running service. */
import type {
  ExplainRequest,
  Explanation,
  ServiceExplanation,
  ServiceState,
} from '../../model/explanation.ts';
import type { Logger } from '../../observe/logger.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { createBucket } from '../../runtime/time/token-bucket.ts';
import {
  type AdminResponse,
  type AdminRoute,
  jsonResponse,
  textResponse,
} from '../../transport/admin/route.ts';

/** The dependencies of the route. */
export interface ExplainRouteDependencies {
  /** Explains a request in one process that answers checks; undefined if none answers in time. */
  readonly explain: (request: ExplainRequest) => Promise<Explanation | undefined>;
  readonly state: () => ServiceState;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** An explanation verifies signatures on the thread that answers checks. With these limits, it takes little of its time. */
const rate = { burst: 10, perSecond: 5 };
const maxRunning = 2;

const busy = textResponse(
  429,
  `more than ${rate.perSecond} explanations a second; wait a second, and try again`,
);
const silent = textResponse(
  503,
  'no process that answers checks explained the request within 1 s; try again',
);
const otherType = textResponse(415, 'expected the content type application/json');

/** Creates the route. */
export function createExplainRoute(dependencies: ExplainRouteDependencies): AdminRoute {
  const { explain, state, logger, clock } = dependencies;
  const bucket = createBucket(rate);
  let running = 0;

  const answer = async (body: Buffer): Promise<AdminResponse> => {
    const { readExplainRequest, InvalidRequest } = await import('./request.ts');
    let request: ExplainRequest;
    try {
      request = readExplainRequest(parseJson(body.toString('utf8')));
    } catch (error) {
      if (error instanceof InvalidRequest) return textResponse(400, error.message);
      return textResponse(400, 'the body is not JSON');
    }
    const explanation = await explain(request);
    if (explanation === undefined) return silent;
    const { outcome, reason } = explanation;
    // Without values of the request: it did not happen.
    logger.info({ outcome, reason }, 'an operator had a request explained');
    return jsonResponse(200, { explanation, service: state() } satisfies ServiceExplanation);
  };
  return {
    method: 'POST',
    path: '/explain',
    guarded: true,
    handle: async ({ headers, body }) => {
      // A web page can send other types without a preflight request.
      if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) return otherType;
      if (running >= maxRunning || !bucket.take(clock.monotonic())) return busy;
      running++;
      try {
        return await answer(body);
      } finally {
        running--;
      }
    },
  };
}
