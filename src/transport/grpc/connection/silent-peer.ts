/** Ends a connection whose peer does not begin, does not respond, or does not read. */
import type { Clock } from '../../../runtime/time/clock.ts';
import type { Call } from '../call/call.ts';
import type { Http2Connection } from '../http2/connection.ts';
import { sweepsIn } from './sweep.ts';

/** The peer of a connection. */
export interface Peer {
  /** Sends a PING at the next sweep, because the peer may not read. */
  readonly doubt: () => void;
  /** Call it every `sweepInterval`. */
  readonly sweep: () => void;
}

/** The dependencies of a peer. */
export interface PeerDependencies {
  readonly connection: Pick<Http2Connection<Call>, 'hasBegun' | 'heardAt' | 'ping' | 'destroy'>;
  /** The bytes that still wait in this process. */
  readonly unwritten: () => number;
  readonly clock: Clock;
}

/** The time for the preface of HTTP/2. */
const prefaceLimit = sweepsIn(10_000);

/** The silence before a PING, in milliseconds, and the time for its answer. */
const silence = 10_000;
const pingLimit = sweepsIn(5_000);

/** The time in which the peer must have read everything once. */
const unwrittenLimit = sweepsIn(10_000);

/** Creates the sweeps over the peer of a connection. */
export function createPeer({ connection, unwritten, clock }: PeerDependencies): Peer {
  let isDoubtful = false;
  let sweeps = 0;
  let unwrittenSweeps = 0;
  /** The sweeps since a PING without an answer. */
  let pingSweeps: number | undefined;

  /** Whether the peer is silent. One that sends but does not read counts as silent: it will not answer a PING. */
  const isSilent = () => {
    unwrittenSweeps = unwritten() > 0 ? unwrittenSweeps + 1 : 0;
    return (
      isDoubtful || unwrittenSweeps > unwrittenLimit || clock.monotonic() - connection.heardAt() > silence
    );
  };
  const ping = () => {
    pingSweeps = 0;
    connection.ping(() => {
      pingSweeps = undefined;
      unwrittenSweeps = 0;
      isDoubtful = false;
    });
  };

  return {
    doubt: () => {
      isDoubtful = true;
    },
    sweep: () => {
      if (!connection.hasBegun()) {
        if (++sweeps > prefaceLimit) connection.destroy();
      } else if (pingSweeps !== undefined) {
        if (++pingSweeps > pingLimit) connection.destroy();
      } else if (isSilent()) ping();
    },
  };
}
