/** The state of connections, with the time since when. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateStatus } from '../state-store.ts';

/** The state. */
export interface Status {
  readonly current: () => StateStatus;
  readonly ready: () => void;
  /** There is no connection. Until the first one, the state is `connecting`. */
  readonly away: (problem: string) => void;
}

/** Creates the state `connecting`. @param onChange called if the state or the problem changes */
export function createStatus(clock: Clock, onChange: (status: StateStatus) => void): Status {
  let status: StateStatus = { state: 'connecting', since: clock.now(), problem: undefined };
  const change = (state: StateStatus['state'], problem: string | undefined) => {
    if (state === status.state && problem === status.problem) return;
    status = { state, since: state === status.state ? status.since : clock.now(), problem };
    onChange(status);
  };
  return {
    current: () => status,
    ready: () => change('ready', undefined),
    away: (problem) => change(status.state === 'connecting' ? 'connecting' : 'away', problem),
  };
}
