/** Compares how two servers took the same bytes. */
import type { Exchange } from './exchange.ts';
import type { DeliveredCall } from './plan.ts';

/** How a server took the bytes of a client. */
export interface Outcome {
  readonly server: string;
  readonly end: Exchange['end'];
  readonly calls: readonly DeliveredCall[];
}

/** A difference between two servers. */
export interface Difference {
  readonly kind:
    | 'another body'
    | 'one ended the connection'
    | 'only one delivered'
    | 'only one completed'
    | 'never answered';
  readonly detail: string;
}

/** Whether the server ended the connection. */
export function hasEnded({ end }: Outcome): boolean {
  return end !== 'open';
}

/**
 * Compares two outcomes. A call that is complete in both must have the same body. If both end the connection, nothing else
 * matters. Otherwise each call must have reached both handlers, as complete or as incomplete.
 */
export function compare(one: Outcome, other: Outcome): Difference[] {
  const silent = [one, other].filter(({ end }) => end === 'silent');
  if (silent.length > 0)
    return silent.map(({ server }) => ({ kind: 'never answered' as const, detail: server }));
  const bodies = differentBodies(one, other);
  if (hasEnded(one) && hasEnded(other)) return bodies;
  if (hasEnded(one) || hasEnded(other))
    return [
      ...bodies,
      { kind: 'one ended the connection', detail: `${one.server} ${one.end}, ${other.server} ${other.end}` },
    ];
  return [...bodies, ...onlyIn(one, other), ...onlyIn(other, one)];
}

function differentBodies(one: Outcome, other: Outcome): Difference[] {
  return one.calls.flatMap((call) => {
    const isThis = ({ method, path }: DeliveredCall) => method === call.method && path === call.path;
    const [mine, theirs] = [one.calls.filter(isThis), other.calls.filter(isThis)];
    const [same] = theirs;
    const isSure = call.complete && same?.complete === true && mine.length === 1 && theirs.length === 1;
    return isSure && same.body !== call.body
      ? [{ kind: 'another body' as const, detail: `${keyOf(call)} is ${same.body} in ${other.server}` }]
      : [];
  });
}

/** The calls of one outcome that the other does not have. */
export function onlyIn(one: Outcome, other: Outcome): Difference[] {
  const left = other.calls.map(keyOf);
  const differences: Difference[] = [];
  for (const call of one.calls) {
    const at = left.indexOf(keyOf(call));
    if (at >= 0) left.splice(at, 1);
    else {
      const isKnown = other.calls.some(({ method, path }) => method === call.method && path === call.path);
      differences.push({
        kind: isKnown ? 'only one completed' : 'only one delivered',
        detail: `${one.server}: ${keyOf(call)}`,
      });
    }
  }
  return differences;
}

function keyOf({ method, path, complete, body }: DeliveredCall): string {
  return `${method} ${path} ${complete ? body : 'incomplete'}`;
}
