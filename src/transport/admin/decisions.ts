/** The routes of the last denials: `GET /decisions` and `GET /decisions/<id>`. */
import type { ServiceState } from '../../model/explanation.ts';
import type { RecordedDenial } from '../../model/recorded-denial.ts';
import { type DenialFilter, maxRecentDenials } from '../../observe/recent-denials.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { createBucket } from '../../runtime/time/token-bucket.ts';
import {
  type AdminRequest,
  type AdminResponse,
  type AdminRoute,
  jsonResponse,
  textResponse,
} from './route.ts';

/** Finds denials in all processes, newest first. */
export type FindDenials = (filter: DenialFilter) => Promise<readonly RecordedDenial[]>;

/** The number of denials without `limit`. */
const defaultLimit = 100;

/** The maximum rate of lists. A list of 1,000 denials takes several milliseconds, in which no check is answered. */
const rate = { burst: 10, perSecond: 2 };

const tooMany = textResponse(
  429,
  `more than ${rate.perSecond} lists a second; wait a second, and try again, or ask for one decision ID`,
);

const prefix = '/decisions/';

const parameters = ['reason', 'host', 'rule', 'limit'] as const;

/** Creates the routes. @param state the state of the service now, which the answer about one denial has too */
export function decisionRoutes(
  find: FindDenials,
  state: () => ServiceState,
  clock: Pick<Clock, 'monotonic'>,
): readonly AdminRoute[] {
  const bucket = createBucket(rate);
  const list = async ({ query }: AdminRequest): Promise<AdminResponse> => {
    const filter = filterOf(query);
    if (typeof filter === 'string') return textResponse(400, filter);
    if (!bucket.take(clock.monotonic())) return tooMany;
    return jsonResponse(200, { decisions: (await find(filter)).map(describe) });
  };
  const one = async ({ path }: AdminRequest): Promise<AdminResponse> => {
    const [denial] = await find({ id: path.slice(prefix.length), limit: 1 });
    if (denial !== undefined) return jsonResponse(200, { ...describe(denial), service: state() });
    return textResponse(
      404,
      `no such decision; each process stores its last ${maxRecentDenials} denials in memory, so ask every replica, or search the log`,
    );
  };
  return [
    { method: 'GET', path: '/decisions', guarded: true, handle: list },
    { method: 'GET', path: prefix, guarded: true, handle: one },
  ];
}

/** Reads the filter of a query; a text if it is invalid. */
function filterOf(query: URLSearchParams): DenialFilter | string {
  for (const name of query.keys()) {
    if (!parameters.some((known) => known === name)) return `unknown parameter; use ${parameters.join(', ')}`;
    if (query.getAll(name).length > 1) return `${name}: write it once`;
  }
  const text = (name: (typeof parameters)[number]) => {
    const value = query.get(name);
    return value === null || value === '' ? {} : { [name]: value };
  };
  const limit = query.get('limit') ?? String(defaultLimit);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxRecentDenials)
    return `limit: must be a number from 1 to ${maxRecentDenials}`;
  return { ...text('reason'), ...text('host'), ...text('rule'), limit: Number(limit) };
}

/** The JSON of a denial: its time is in ISO 8601. */
function describe(denial: RecordedDenial) {
  return { ...denial, time: new Date(denial.time).toISOString() };
}
